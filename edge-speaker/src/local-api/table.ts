import type { Column } from './columns.ts';
import type { PrintedObject } from './fields.ts';
import { apiVersionOf, isCustom, type Resource } from './resources.ts';

/** How a client wants to see objects: whole, as rows to print, or only their metadata (meta/v1). */
export interface Shape {
  readonly kind: 'object' | 'table' | 'metadata';
  /** Whether each row of a table carries its object. */
  readonly include: 'None' | 'Metadata' | 'Object';
}

/**
 * @param accept e.g. `application/json;as=Table;v=v1;g=meta.k8s.io,application/json`; what is no JSON (protobuf, YAML)
 * gets JSON all the same, which every client that asks for it reads
 * @param include the parameter `includeObject`
 */
export function shapeOf(accept: string, include: string | null): Shape {
  const wanted = accept.split(',').map((one) => one.replaceAll(' ', ''));
  const first = wanted.find(
    (one) =>
      one.startsWith('application/json') && (!one.includes(';as=') || one.includes(';v=v1;') || one.endsWith(';v=v1')),
  );
  const kind = /;as=Table(;|$)/.test(first ?? '')
    ? 'table'
    : /;as=PartialObjectMetadata/.test(first ?? '')
      ? 'metadata'
      : 'object';
  return { kind, include: include === 'None' || include === 'Object' ? include : 'Metadata' };
}

/** A stored text as an object of this resource. */
export function objectOf(resource: Resource, text: string): PrintedObject {
  const object = JSON.parse(text) as PrintedObject;
  return resource.convert?.(object) ?? object;
}

/** The object as JSON with kind and apiVersion; without a conversion it is not parsed for that. */
export function whole(resource: Resource, text: string): string {
  const head = `{"kind":"${resource.kind}","apiVersion":"${apiVersionOf(resource)}",`;
  const shown = resource.convert === undefined ? text : JSON.stringify(objectOf(resource, text));
  return `${head}${shown.slice(1)}`;
}

/** The object as an item of a list. */
export function item(resource: Resource, text: string): string {
  return isCustom(resource) ? whole(resource, text) : text;
}

export function partial({ metadata }: PrintedObject): unknown {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
}

export function columnDefinitions(columns: readonly Column[]): unknown[] {
  return columns.map(({ name, type, format = '', priority }) => ({ name, type, format, description: '', priority }));
}

export function row(resource: Resource, object: PrintedObject, { include }: Shape, nowWallMs: number): unknown {
  const cells = resource.columns.map(({ cell }) => cell(object, nowWallMs) ?? null);
  if (include === 'None') return { cells, object: null };
  const { kind } = resource;
  return {
    cells,
    object: include === 'Object' ? { kind, apiVersion: apiVersionOf(resource), ...object } : partial(object),
  };
}

/** A meta/v1 Table up to its rows; `]}` ends it. @param heading false leaves the columns out, as every watch event but the first does */
export function tableHead(resource: Resource, resourceVersion: string, heading: boolean): string {
  const definitions = heading ? columnDefinitions(resource.columns) : null;
  const head = {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion },
    columnDefinitions: definitions,
  };
  return `${JSON.stringify(head).slice(0, -1)},"rows":[`;
}
