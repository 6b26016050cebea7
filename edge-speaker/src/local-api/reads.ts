import { decodeResourceVersion } from '@openyurt/nodepool-types';
import type { CatalogueChanges } from '../offline/catalogue-changes.ts';
import { apiVersionOf, type Resource } from './resources.ts';
import { inNamespace, type Scope } from './scope.ts';
import { noSuchObject, notKnown } from './status.ts';
import { item, objectOf, partial, row, type Shape, tableHead, whole } from './table.ts';

/** The objects of one resource; keys are `namespace/name` or `name`, texts begin with their metadata. */
export interface ObjectSource {
  /** false: nothing was ever heard of this resource, which is not the same as none. */
  readonly known: boolean;
  readonly changes: CatalogueChanges;
  get(key: string): string | undefined;
  entries(): [string, string][];
}

/** @throws StatusError 404, or 503 where nothing is known */
export function getOne(resource: Resource, source: ObjectSource, key: string, shape: Shape, nowWallMs: number): string {
  const text = source.get(key);
  if (text === undefined)
    throw source.known ? noSuchObject(resource, key.slice(key.indexOf('/') + 1)) : notKnown(resource);
  if (shape.kind === 'object') return whole(resource, text);
  const object = objectOf(resource, text);
  if (shape.kind === 'metadata') return JSON.stringify(partial(object));
  const head = tableHead(resource, String(decodeResourceVersion(object)), true);
  return `${head}${JSON.stringify(row(resource, object, shape, nowWallMs))}]}`;
}

/**
 * A list in pieces, one for each object, so that ten thousand of them hold up nothing else; what it lists is what was
 * there when it began.
 *
 * @throws StatusError 503 where nothing is known
 */
export function listPieces(scope: Scope, source: ObjectSource, shape: Shape, nowWallMs: number): Iterable<string> {
  const { resource } = scope;
  if (!source.known) throw notKnown(resource);
  const entries = source.entries().filter(([key]) => inNamespace(scope, key));
  const head = listHead(resource, shape, String(source.changes.revision));
  return pieces(scope, entries, shape, head, nowWallMs);
}

function* pieces(
  scope: Scope,
  entries: readonly [string, string][],
  shape: Shape,
  head: string,
  nowWallMs: number,
): Generator<string> {
  const { resource } = scope;
  yield head;
  let separator = '';
  for (const [, text] of entries) {
    let one: string;
    if (scope.all && shape.kind === 'object') one = item(resource, text);
    else {
      const object = objectOf(resource, text);
      if (!scope.matches(object)) continue;
      if (shape.kind === 'object') one = item(resource, text);
      else one = JSON.stringify(shape.kind === 'table' ? row(resource, object, shape, nowWallMs) : partial(object));
    }
    yield `${separator}${one}`;
    separator = ',';
  }
  yield ']}';
}

function listHead(resource: Resource, shape: Shape, resourceVersion: string): string {
  if (shape.kind === 'table') return tableHead(resource, resourceVersion, true);
  const [kind, apiVersion] =
    shape.kind === 'metadata'
      ? ['PartialObjectMetadataList', 'meta.k8s.io/v1']
      : [`${resource.kind}List`, apiVersionOf(resource)];
  return `${JSON.stringify({ kind, apiVersion, metadata: { resourceVersion } }).slice(0, -1)},"items":[`;
}
