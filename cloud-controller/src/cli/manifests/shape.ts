import { quote } from '@openyurt/nodepool-types';

/** What an object may look like, as far as it is read here. */
export type Shape =
  | 'text'
  | 'number'
  | 'port'
  /** A mapping from text to text. */
  | 'texts'
  /** Text of this form. `is` says what it should be: `a name`. */
  | { readonly form: RegExp; readonly is: string; readonly remedy: string }
  | { readonly oneOf: readonly string[] }
  | { readonly listOf: Shape }
  | { readonly fields: Readonly<Record<string, Shape>>; readonly required?: readonly string[] };

/** A value of another shape. */
export interface Misfit {
  /** Keys and indexes from the object's root. */
  readonly path: readonly (string | number)[];
  /** `spec.ports[0].port is text where a number should be` */
  readonly problem: string;
  readonly remedy: string;
}

/** Everything that the API server would refuse for its type. Absent and null are the same to it; unknown fields are not looked at. */
export function misfits(value: unknown, shape: Shape, path: readonly (string | number)[] = []): Misfit[] {
  if (value === undefined || value === null) return [];
  const misfit = (wanted: string, remedy: string): Misfit[] => [
    { path, problem: `${spell(path)} is ${kindOf(value)} where ${wanted} should be`, remedy },
  ];
  if (shape === 'text') {
    if (typeof value === 'string') return [];
    return misfit('text', isMapping(value) || Array.isArray(value) ? 'Write text.' : 'Put it in quotes.');
  }
  if (shape === 'number') return typeof value === 'number' ? [] : misfit('a number', 'Write it without quotes.');
  if (shape === 'port') {
    if (typeof value !== 'number') return misfit('a number', 'Write it without quotes.');
    const isPort = Number.isInteger(value) && value >= 1 && value <= 65_535;
    return isPort ? [] : [{ path, problem: `${spell(path)} ${value} is no port`, remedy: 'Write 1 to 65535.' }];
  }
  if (shape === 'texts') {
    if (!isMapping(value)) return misfit('a mapping', 'Write "key: value" lines below it.');
    return Object.entries(value).flatMap(([key, one]) => misfits(one, 'text', [...path, key]));
  }
  if ('oneOf' in shape) {
    if (typeof value === 'string' && shape.oneOf.includes(value)) return [];
    const problem = `${spell(path)} ${typeof value === 'string' ? quote(value) : kindOf(value)} is none of ${shape.oneOf.join(', ')}`;
    return [{ path, problem, remedy: 'Write one of them.' }];
  }
  if ('listOf' in shape) {
    if (!Array.isArray(value)) return misfit('a list', 'Begin each entry with "- ".');
    return value.flatMap((one, i) => {
      const at = [...path, i];
      if (one !== null) return misfits(one, shape.listOf, at);
      return [{ path: at, problem: `${spell(at)} is empty`, remedy: 'Remove the entry.' }];
    });
  }
  if ('form' in shape) {
    if (typeof value !== 'string') return misfits(value, 'text', path);
    if (value === '' || shape.form.test(value)) return [];
    return [{ path, problem: `${spell(path)} ${quote(value)} is not ${shape.is}`, remedy: shape.remedy }];
  }
  if (!isMapping(value)) return misfit('a mapping', 'Write "key: value" lines below it.');
  const missing = (shape.required ?? [])
    .filter((key) => value[key] === undefined || value[key] === null || value[key] === '')
    .map((key) => ({ path, problem: `${spell([...path, key])} is missing`, remedy: 'Add it.' }));
  return [
    ...missing,
    ...Object.entries(shape.fields).flatMap(([key, one]) => misfits(value[key], one, [...path, key])),
  ];
}

/** A value without the fields that are null. */
export function withoutNulls<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withoutNulls) as T;
  if (!isMapping(value)) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(fields.map(([key, field]) => [key, withoutNulls(field)])) as T;
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'string' ? 'text' : typeof value === 'boolean' ? 'a truth value' : 'a number';
}

/** `metadata.annotations["a.b/c"]`, `spec.ports[0]` */
function spell(path: readonly (string | number)[]): string {
  return path
    .map((key, i) => {
      if (typeof key === 'number') return `[${key}]`;
      return /^\w+$/.test(key) ? `${i === 0 ? '' : '.'}${key}` : `[${JSON.stringify(key)}]`;
    })
    .join('');
}
