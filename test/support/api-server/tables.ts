import type { Fields, KubeObject } from './object.ts';
import type { View } from './resources.ts';

/** How a client wants to see objects: whole, as rows to print, or only their metadata (meta/v1). */
export type Shape = 'object' | 'table' | 'metadata';

/** @param accept an Accept header, e.g. `application/json;as=Table;v=v1;g=meta.k8s.io,application/json` */
export function shapeOf(accept: string): Shape {
  const first = accept
    .split(',')
    .find((a) => a.includes('application/json') && (!a.includes('as=') || a.includes('v=v1')));
  if (first === undefined) return 'object';
  if (/as=Table/.test(first)) return 'table';
  return /as=PartialObjectMetadata/.test(first) ? 'metadata' : 'object';
}

export function partial(o: KubeObject): Fields {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: o.metadata };
}

/** Whether each row carries the object: `Metadata` is the default of the parameter includeObject. */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

/**
 * A meta/v1 Table of stored objects, for `kubectl get`.
 *
 * @param heading false leaves the column definitions out, as every watch event but the first does
 */
export function table(
  view: View,
  objects: readonly KubeObject[],
  metadata: Fields,
  include: IncludeObject,
  heading = true,
): Fields {
  const columnDefinitions = view.columns.map((c) => ({
    name: c.name,
    type: c.type,
    format: c.format ?? '',
    description: '',
    priority: c.priority ?? 0,
  }));
  const rows = objects.map((o) => {
    const cells = view.columns.map((c) => c.cell(o) ?? null);
    if (include === 'None') return { cells, object: null };
    return { cells, object: include === 'Object' ? view.encode(o) : partial(o) };
  });
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: heading ? columnDefinitions : null,
    rows,
  };
}
