import type { KubeObject } from './kube-objects.ts';
import { METALLB_PREFIXES } from './names.ts';

/** One annotation as it stands on an object: the key, for messages, and its text without blanks around. */
export interface AnnotationText {
  readonly key: string;
  readonly text: string;
}

/** An annotation's text; an empty or blank one counts as absent, as in MetalLB and in LoadBalancerSet. */
export function annotation(object: KubeObject, key: string): AnnotationText | undefined {
  const annotations = object.metadata.annotations ?? {};
  const value: unknown = Object.hasOwn(annotations, key) ? annotations[key] : undefined;
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  return text === '' ? undefined : { key, text };
}

/** Ours where it is set, else MetalLB's of the same meaning: `metallb.io/` before the older `metallb.universe.tf/`. */
export function annotationOrAlias(object: KubeObject, key: string, alias: string): AnnotationText | undefined {
  return annotation(object, key) ?? metallbAnnotation(object, alias);
}

/** MetalLB's annotation `name` under either of its prefixes. */
export function metallbAnnotation(object: KubeObject, name: string): AnnotationText | undefined {
  for (const prefix of METALLB_PREFIXES) {
    const found = annotation(object, prefix + name);
    if (found !== undefined) return found;
  }
  return undefined;
}
