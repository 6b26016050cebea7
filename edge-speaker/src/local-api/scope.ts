import { type LabelSelector, LbError, parseLabelSelector, selectorMatches } from '@openyurt/nodepool-types';
import type { PrintedObject } from './fields.ts';
import type { Resource } from './resources.ts';
import { badRequest } from './status.ts';

/** One requirement of a field selector. */
interface FieldRequirement {
  readonly field: string;
  readonly equal: boolean;
  readonly value: string;
}

/** Which objects of a resource a list or a watch is about. */
export interface Scope {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  /** Neither selector is set: nothing needs to be parsed to choose. */
  readonly all: boolean;
  matches(object: PrintedObject): boolean;
}

/** @throws StatusError 400 for a selector that does not parse, or names a field that the resource does not offer */
export function scopeOf(
  resource: Resource,
  namespace: string | undefined,
  name: string | undefined,
  query: URLSearchParams,
): Scope {
  const labels = labelsOf(query.get('labelSelector') ?? '');
  const fields = fieldsOf(query.get('fieldSelector') ?? '', resource);
  if (name !== undefined) fields.push({ field: 'metadata.name', equal: true, value: name });
  return {
    resource,
    namespace,
    all: labels.requirements.length === 0 && fields.length === 0,
    matches: (object) =>
      selectorMatches(labels, object.metadata.labels ?? {}) &&
      fields.every(({ field, equal, value }) => (fieldOf(resource, object, field) === value) === equal),
  };
}

/** Whether a key (`namespace/name` or `name`) lies in the scope's namespace. */
export function inNamespace({ namespace }: Scope, key: string): boolean {
  return namespace === undefined || key.startsWith(`${namespace}/`);
}

function labelsOf(text: string): LabelSelector {
  try {
    return parseLabelSelector(text);
  } catch (error) {
    if (!(error instanceof LbError)) throw error;
    throw badRequest(`unable to parse requirement: ${error.message.slice(`${error.code}: `.length)}`);
  }
}

/** `a=b,c!=d`, with `\` before a comma, an equals sign or a backslash in a value (apimachinery fields.ParseSelector). */
function fieldsOf(text: string, resource: Resource): FieldRequirement[] {
  const terms = text.match(/(?:\\.|[^,\\])+/gs) ?? [];
  return terms.map((term) => {
    const parts = /^((?:\\.|[^=!\\])+)(!=|==|=)(.*)$/s.exec(term.trim());
    if (parts === null) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    const [, field = '', operator, value = ''] = parts;
    const known = field === 'metadata.name' || (field === 'metadata.namespace' && resource.namespaced);
    if (!known && resource.fields[field] === undefined) throw badRequest(`field label not supported: ${field}`);
    return { field, equal: operator !== '!=', value: value.replace(/\\([\\,=])/g, '$1') };
  });
}

function fieldOf(resource: Resource, object: PrintedObject, field: string): string {
  if (field === 'metadata.name') return object.metadata.name ?? '';
  if (field === 'metadata.namespace') return object.metadata.namespace ?? '';
  return resource.fields[field]?.(object) ?? '';
}
