/** A JSON object whose fields nobody has looked at yet. */
export type Fields = Record<string, unknown>;

/** The part of `metadata` the server itself reads and writes (meta/v1 ObjectMeta). */
export interface ObjectMeta extends Fields {
  name: string;
  namespace?: string;
  generateName?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
}

/** A Kubernetes object. A stored one is never changed in place: every write makes a new one. */
export interface KubeObject extends Fields {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

export function isFields(v: unknown): v is Fields {
  return typeof v === 'object' && v !== null && !Array.isArray(v);
}

/** @returns `v` where it is an object, else a new empty one */
export function fieldsOf(v: unknown): Fields {
  return isFields(v) ? v : {};
}

export function listOf(v: unknown): unknown[] {
  return Array.isArray(v) ? v : [];
}

export function textOf(v: unknown): string {
  return typeof v === 'string' ? v : '';
}

/** The value at a dotted path, undefined where any step is missing. */
export function at(v: unknown, path: string): unknown {
  let here: unknown = v;
  for (const step of path.split('.')) here = isFields(here) ? here[step] : undefined;
  return here;
}

/** A deep copy of a JSON value. Faster than structuredClone on small trees. */
export function copy<T>(v: T): T {
  if (Array.isArray(v)) return v.map(copy) as T;
  if (!isFields(v)) return v;
  const out: Fields = {};
  // defineProperty for `__proto__` alone: JSON.parse makes it an own key, an assignment would not
  for (const k of Object.keys(v)) {
    if (k === '__proto__') Object.defineProperty(out, k, { value: copy(v[k]), enumerable: true, writable: true });
    else out[k] = copy(v[k]);
  }
  return out as T;
}

/** Deep equality of JSON values; the order of keys does not count, an undefined field is an absent one. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    return a.every((v, i) => same(v, b[i]));
  }
  if (!isFields(a) || !isFields(b)) return false;
  for (const k of Object.keys(a)) if (!same(a[k], b[k])) return false;
  for (const k of Object.keys(b)) if (a[k] === undefined && b[k] !== undefined) return false;
  return true;
}
