import type { Registry, View } from './resources.ts';
import { StatusError, UnknownPathError } from './status-error.ts';

/** A request path that names a resource. An empty name is the collection. */
export interface ResourcePath {
  view: View;
  namespace: string | undefined;
  name: string;
  subresource: string;
}

/** @returns `/apis/g/v/namespaces/ns/plural/name/sub` taken apart, undefined for paths outside /api and /apis */
export function parsePath(path: string, registry: Registry): ResourcePath | undefined {
  let parts: string[];
  try {
    parts = path.split('/').slice(1).map(decodeURIComponent);
  } catch {
    throw new UnknownPathError();
  }
  const core = parts[0] === 'api';
  if (!core && parts[0] !== 'apis') return undefined;
  const group = core ? '' : (parts[1] ?? '');
  const version = parts[core ? 1 : 2] ?? '';
  const rest = parts.slice(core ? 2 : 3).filter((p, i, all) => p !== '' || i < all.length - 1);
  if (rest.length === 0) return undefined;
  // `/namespaces/x` and its subresources are the namespace itself, anything longer lies inside it
  const inside = rest[0] === 'namespaces' && rest.length >= 3 && !['status', 'finalize'].includes(rest[2] ?? '');
  const [plural = '', name = '', subresource = '', ...more] = inside ? rest.slice(2) : rest;
  const view = registry.find(group, version, plural);
  const namespace = inside ? rest[1] : undefined;
  if (view === undefined || more.length > 0) throw new UnknownPathError();
  if (namespace !== undefined && !view.strategy.namespaced) throw new UnknownPathError();
  const homeless = namespace === undefined && view.strategy.namespaced && name !== '';
  if (homeless || (subresource !== '' && !(subresource === 'status' && view.strategy.statusSubresource))) {
    throw new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});
  }
  return { view, namespace, name, subresource };
}
