import { selectableFields } from './builtin-resources.ts';
import { forbidden, notSupported } from './field-error.ts';
import type { Fields, KubeObject } from './object.ts';
import { itemJsonOf, jsonOf } from './render.ts';
import { apiVersionOf, type Registry, type View } from './resources.ts';
import { everything, parseFieldSelector, parseLabelSelector, type Selector } from './selectors.ts';
import * as errors from './status-error.ts';
import { type IncludeObject, partial, type Shape, table } from './tables.ts';

/** Which objects of a view a list or a watch is about. */
export interface Scope {
  view: View;
  namespace: string | undefined;
  matches(o: KubeObject): boolean;
  /** no selector is set: the rest of a page can be counted */
  all: boolean;
}

/** @throws StatusError 400 for a selector that does not parse or names a field the resource does not offer */
export function scopeOf(view: View, namespace: string | undefined, name: string, query: URLSearchParams): Scope {
  const labelText = query.get('labelSelector') ?? '';
  const fieldText = query.get('fieldSelector') ?? '';
  const labels = labelText === '' ? everything : parseLabelSelector(labelText);
  const fields = fieldText === '' ? everything : parseFieldSelector(fieldText, (label) => fieldNamed(view, label));
  const matches = (o: KubeObject): boolean =>
    (namespace === undefined || o.metadata.namespace === namespace) &&
    (name === '' || o.metadata.name === name) &&
    (labels === everything || labels(o.metadata.labels ?? {})) &&
    (fields === everything || byFields(fields, view, o));
  return { view, namespace, matches, all: labels === everything && fields === everything && name === '' };
}

function fieldNamed(view: View, label: string): string | undefined {
  if (label === 'metadata.name' || (label === 'metadata.namespace' && view.strategy.namespaced)) return label;
  return view.fieldLabels[label];
}

function byFields(fields: Selector, view: View, o: KubeObject): boolean {
  return fields(selectableFields(view, o));
}

export interface Rendering {
  shape: Shape;
  include: IncludeObject;
}

/** One object as the client wants to see it, as JSON text. */
export function renderOne(view: View, o: KubeObject, as: Rendering): string {
  if (as.shape === 'table')
    return JSON.stringify(table(view, [o], { resourceVersion: o.metadata.resourceVersion }, as.include));
  return as.shape === 'metadata' ? JSON.stringify(partial(o)) : jsonOf(view, o);
}

/** Gets and lists, at a consistent revision also over several pages. */
export class Reads {
  constructor(private readonly registry: Registry) {}

  get(view: View, namespace: string | undefined, name: string): KubeObject {
    const o = this.registry.store.shelf(view.id).get(namespace === undefined ? name : `${namespace}/${name}`);
    if (o === undefined) throw errors.notFound(view, name);
    return o;
  }

  /** @returns the list as JSON text */
  list(scope: Scope, query: URLSearchParams, as: Rendering): string {
    const { view } = scope;
    const shelf = this.registry.store.shelf(view.id);
    const current = this.registry.store.revision;
    const asked = query.get('resourceVersion') ?? '';
    const token = query.get('continue') ?? '';
    const match = query.get('resourceVersionMatch') ?? '';
    checkListVersion(asked, match, token);
    const from = token === '' ? undefined : decodeToken(token);
    const exact = match === 'Exact' ? Number(asked) : undefined;
    if (asked !== '' && Number(asked) > current) throw errors.tooLargeVersion(Number(asked), current);
    const revision = from?.rv ?? exact ?? current;
    const objects = revision === current ? shelf.list() : shelf.listAt(revision);
    if (objects === undefined) {
      throw errors.expired(
        from === undefined
          ? `The resourceVersion for the provided list is too old.`
          : 'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results.',
      );
    }
    // resourceVersion=0 means "from the cache", which does not cut pages
    const limit = asked === '0' && match === '' ? 0 : Number(query.get('limit') ?? 0);
    const chosen: KubeObject[] = [];
    let left = 0;
    for (const o of objects) {
      if (!scope.matches(o) || (from !== undefined && !isAfter(o, from.start))) continue;
      if (limit > 0 && chosen.length === limit) left++;
      else chosen.push(o);
    }
    const metadata: Fields = { resourceVersion: String(revision) };
    const last = chosen.at(-1);
    if (left > 0 && last !== undefined) {
      metadata.continue = encodeToken({ v: 'meta.k8s.io/v1', rv: revision, start: startAfter(last) });
      if (scope.all) metadata.remainingItemCount = left;
    }
    return renderList(view, chosen, metadata, as);
  }
}

function renderList(view: View, objects: readonly KubeObject[], metadata: Fields, as: Rendering): string {
  if (as.shape === 'table') return JSON.stringify(table(view, objects, metadata, as.include));
  if (as.shape === 'metadata') {
    const items = objects.map(partial);
    return JSON.stringify({ kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata, items });
  }
  const head = JSON.stringify({ kind: `${view.kind}List`, apiVersion: apiVersionOf(view), metadata });
  return `${head.slice(0, -1)},"items":[${objects.map((o) => itemJsonOf(view, o)).join(',')}]}`;
}

function checkListVersion(asked: string, match: string, token: string): void {
  const refuse = (why: string) => {
    throw errors.unprocessable(errors.LIST_OPTIONS, '', [forbidden('resourceVersionMatch', why)]);
  };
  if (asked !== '' && !/^\d+$/.test(asked)) {
    throw errors.badRequest(`invalid resourceVersion: Invalid value: ${JSON.stringify(asked)}`);
  }
  if (match !== '' && token !== '') refuse('resourceVersionMatch is forbidden when continue is provided');
  if (match !== '' && asked === '') refuse('resourceVersionMatch is forbidden unless resourceVersion is provided');
  if (match === 'Exact' && asked === '0') refuse('resourceVersionMatch "Exact" is forbidden for resourceVersion "0"');
  if (match === '' || match === 'Exact' || match === 'NotOlderThan') return;
  const supported = ['Exact', 'NotOlderThan', ''];
  throw errors.unprocessable(errors.LIST_OPTIONS, '', [notSupported('resourceVersionMatch', match, supported)]);
}

interface Token {
  v: string;
  rv: number;
  start: string;
}

const startAfter = (o: KubeObject): string =>
  `${o.metadata.namespace === undefined ? '' : `${o.metadata.namespace}/`}${o.metadata.name}\u0000`;

function isAfter(o: KubeObject, start: string): boolean {
  const key = o.metadata.namespace === undefined ? o.metadata.name : `${o.metadata.namespace}/${o.metadata.name}`;
  return key >= start;
}

const encodeToken = (t: Token): string => Buffer.from(JSON.stringify(t)).toString('base64url');

function decodeToken(text: string): Token {
  try {
    const t = JSON.parse(Buffer.from(text, 'base64url').toString()) as Partial<Token>;
    if (typeof t.rv === 'number' && typeof t.start === 'string' && t.v === 'meta.k8s.io/v1') return t as Token;
  } catch {
    // the sentence below is the answer to a token of any other form
  }
  throw errors.badRequest('continue key is not valid: it was not made by this server');
}
