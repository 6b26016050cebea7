import { type FieldError, invalid, notSupported, required } from './field-error.ts';
import { copy, type Fields, fieldsOf, isFields, listOf, textOf } from './object.ts';

/** A structural schema of a CustomResourceDefinition version (openAPIV3Schema), as far as it is looked at here. */
export type Schema = Fields;

const keeps = (schema: Schema): boolean => schema['x-kubernetes-preserve-unknown-fields'] === true;

/**
 * Removes what the schema does not name and fills its defaults in, in place, as the real server does on decoding.
 *
 * @param root true for the object itself, whose apiVersion, kind and metadata are always kept
 */
export function prune(v: unknown, schema: Schema, root = false): void {
  for (const item of listOf(v)) prune(item, fieldsOf(schema.items));
  if (!isFields(v)) return;
  const properties = fieldsOf(schema.properties);
  for (const [name, p] of Object.entries(properties)) {
    const property = fieldsOf(p);
    if (v[name] === null && property.nullable !== true && property.default !== undefined) delete v[name];
    if (v[name] === undefined && property.default !== undefined) v[name] = copy(property.default);
  }
  const others = isFields(schema.additionalProperties) ? schema.additionalProperties : undefined;
  for (const [k, value] of Object.entries(v)) {
    if (root && (k === 'apiVersion' || k === 'kind' || k === 'metadata')) continue;
    if (Object.hasOwn(properties, k)) prune(value, fieldsOf(properties[k]));
    else if (others !== undefined) prune(value, others);
    else if (!keeps(schema) && schema.additionalProperties !== true && schema.type === 'object') delete v[k];
  }
}

/** Paths of fields the schema does not name, which {@link prune} would remove, e.g. `spec.tpye`. */
export function unknownFields(v: unknown, schema: Schema, path = ''): string[] {
  const inList = listOf(v).flatMap((item, i) => unknownFields(item, fieldsOf(schema.items), `${path}[${i}]`));
  if (!isFields(v)) return inList;
  const properties = fieldsOf(schema.properties);
  return Object.entries(v).flatMap(([k, value]) => {
    const here = path === '' ? k : `${path}.${k}`;
    if (path === '' && (k === 'apiVersion' || k === 'kind' || k === 'metadata')) return [];
    if (Object.hasOwn(properties, k)) return unknownFields(value, fieldsOf(properties[k]), here);
    if (isFields(schema.additionalProperties)) return unknownFields(value, schema.additionalProperties, here);
    return keeps(schema) || schema.additionalProperties === true || schema.type !== 'object' ? [] : [here];
  });
}

function typeOf(v: unknown): string {
  if (v === null) return 'null';
  if (Array.isArray(v)) return 'array';
  if (typeof v === 'number') return Number.isInteger(v) ? 'integer' : 'number';
  return typeof v;
}

function isOfType(v: unknown, schema: Schema): boolean {
  const type = typeOf(v);
  if (type === 'null') return schema.nullable === true;
  if (schema['x-kubernetes-int-or-string'] === true) return type === 'integer' || type === 'string';
  return schema.type === undefined || type === schema.type || (schema.type === 'number' && type === 'integer');
}

/** Faults of a value against its schema: type, required, enum, pattern and the simple bounds. */
export function schemaFaults(v: unknown, schema: Schema, path: string): FieldError[] {
  if (!isOfType(v, schema)) {
    const type = textOf(schema.type);
    const message = `Invalid value: ${JSON.stringify(typeOf(v))}: ${path} in body must be of type ${type}: ${JSON.stringify(typeOf(v))}`;
    return [{ reason: 'FieldValueTypeInvalid', field: path, message }];
  }
  const out: FieldError[] = [];
  const says = (rule: string) => out.push(invalid(path, v, `${path} in body should ${rule}`));
  const allowed = listOf(schema.enum);
  if (allowed.length > 0 && !allowed.includes(v)) out.push(notSupported(path, v, allowed.map(String)));
  if (typeof v === 'string') {
    if (typeof schema.pattern === 'string' && !new RegExp(schema.pattern).test(v)) says(`match '${schema.pattern}'`);
    if (typeof schema.maxLength === 'number' && v.length > schema.maxLength)
      says(`be at most ${schema.maxLength} chars long`);
    if (typeof schema.minLength === 'number' && v.length < schema.minLength)
      says(`be at least ${schema.minLength} chars long`);
  }
  if (typeof v === 'number') {
    if (typeof schema.minimum === 'number' && v < schema.minimum) says(`be greater than or equal to ${schema.minimum}`);
    if (typeof schema.maximum === 'number' && v > schema.maximum) says(`be less than or equal to ${schema.maximum}`);
  }
  listOf(v).forEach((item, i) => {
    out.push(...schemaFaults(item, fieldsOf(schema.items), `${path}[${i}]`));
  });
  if (!isFields(v)) return out;
  const under = (k: string) => (path === '' ? k : `${path}.${k}`);
  for (const k of listOf(schema.required).map(textOf)) if (v[k] === undefined) out.push(required(under(k)));
  const properties = fieldsOf(schema.properties);
  for (const [k, value] of Object.entries(v)) {
    if (value === undefined || (path === '' && k === 'metadata')) continue;
    if (Object.hasOwn(properties, k)) out.push(...schemaFaults(value, fieldsOf(properties[k]), under(k)));
    else if (isFields(schema.additionalProperties))
      out.push(...schemaFaults(value, schema.additionalProperties, under(k)));
  }
  return out;
}
