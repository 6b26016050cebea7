import { decodeNode } from '@openyurt/nodepool-types';
import { writtenNodePools } from '../plan/recorded.ts';
import type { WorldCache } from '../ports/world-cache.ts';
import type { Sites } from './sites.ts';

/**
 * NodePools that our statuses name and that went while no controller ran: what was given there is to be given back, as if
 * one had. Nothing is concluded where it may only not be there yet: while there is no NodePool at all (their kind may not
 * be served, or a restore goes on), or as long as a Node says that it belongs to it.
 */
export function formerNodePools(
  cache: Pick<WorldCache, 'services' | 'nodes'>,
  { all }: Pick<Sites, 'all'>,
): ReadonlySet<string> {
  const former = new Set<string>();
  if (all.size === 0) return former;
  for (const service of cache.services()) {
    for (const name of writtenNodePools(service)) if (!all.has(name)) former.add(name);
  }
  if (former.size > 0) for (const node of cache.nodes()) former.delete(decodeNode(node).nodePool ?? '');
  return former;
}
