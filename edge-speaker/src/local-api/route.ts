import { RESOURCES, type Resource } from './resources.ts';
import { noPods, noSuchPath } from './status.ts';

/** A path that names a resource. */
export interface Route {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  /** undefined: the collection. */
  readonly name: string | undefined;
}

/**
 * `/api/v1/namespaces/NS/services/NAME`, `/apis/G/V/PLURAL` and so on.
 *
 * @returns undefined for a path that is not below a group and version
 * @throws StatusError 404 for a resource that is not served here; 403 for Pods, without which `kubectl describe node` does
 */
export function routeOf(path: string): Route | undefined {
  const parts = path.split('/').slice(1).map(decoded);
  const core = parts[0] === 'api';
  if (!core && parts[0] !== 'apis') return undefined;
  const [group, version] = core ? ['', parts[1]] : [parts[1], parts[2]];
  const rest = parts.slice(core ? 2 : 3);
  if (rest.at(-1) === '') rest.pop();
  if (rest.length === 0) return undefined;
  const inside = rest[0] === 'namespaces' && rest.length >= 3;
  const namespace = inside ? rest[1] : undefined;
  const [plural, name, ...more] = inside ? rest.slice(2) : rest;
  const resource = RESOURCES.find((r) => r.group === group && r.version === version && r.plural === plural);
  if (core && plural === 'pods') throw noPods();
  // Subresources, and a namespaced object without its namespace, are served by nobody.
  if (resource === undefined || more.length > 0) throw noSuchPath();
  if (resource.namespaced ? namespace === undefined && name !== undefined : namespace !== undefined) throw noSuchPath();
  return { resource, namespace, name };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw noSuchPath();
  }
}
