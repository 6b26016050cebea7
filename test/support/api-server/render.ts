import type { KubeObject } from './object.ts';
import type { View } from './resources.ts';

const texts = new WeakMap<View, WeakMap<KubeObject, string>>();

/** The JSON text of a stored object in one API version. Stored objects never change, so each is written out once. */
export function jsonOf(view: View, o: KubeObject): string {
  let known = texts.get(view);
  if (known === undefined) {
    known = new WeakMap();
    texts.set(view, known);
  }
  let text = known.get(o);
  if (text === undefined) {
    const { kind, apiVersion, ...rest } = view.encode(o);
    text = JSON.stringify({ kind, apiVersion, ...rest });
    known.set(o, text);
  }
  return text;
}

/** An item of a list: the real server leaves kind and apiVersion of built-in resources out there. */
export function itemJsonOf(view: View, o: KubeObject): string {
  const text = jsonOf(view, o);
  if (view.custom) return text;
  return `{${text.slice(text.indexOf('"metadata"'))}`;
}
