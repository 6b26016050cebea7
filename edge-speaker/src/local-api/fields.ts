import type { KubeObject } from '@openyurt/nodepool-types';

/** A JSON object whose fields nobody has checked. */
export type Fields = Readonly<Record<string, unknown>>;

/** An API object as it was listed: metadata as Kubernetes has it, the rest unchecked. */
export type PrintedObject = KubeObject & Fields;

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** @param path plain steps, e.g. `status.nodeInfo.osImage` */
export function at(object: Fields, path: string): unknown {
  let value: unknown = object;
  for (const step of path.split('.')) value = fieldsOf(value)[step];
  return value;
}
