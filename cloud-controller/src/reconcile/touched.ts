import { decodeService, type LoadBalancerRequest, type ServiceObject, selectorMatches } from '@openyurt/nodepool-types';
import type { AddressBook } from '../ipam/address-book.ts';
import type { SiteRanges } from '../ipam/site-ranges.ts';
import type { WorldCache } from '../ports/world-cache.ts';
import { nodePoolOfPoolService } from './pool-services.ts';

/** A NodePool that changed, or whose configuration did. */
export interface ChangedNodePool {
  readonly name: string;
  /** Those it had and those it has. */
  readonly labels: readonly Readonly<Record<string, string>>[];
  /** The configuration that was in force and the one that is, where nothing else changed. */
  readonly ranges?: { readonly before: SiteRanges; readonly after: SiteRanges } | undefined;
}

export interface TouchedDeps {
  readonly book: AddressBook;
  readonly cache: WorldCache;
  /** What the last look at each Service came to, `Allocated` where nothing is missing. */
  readonly outcomes: ReadonlyMap<string, string>;
}

/** Whether it can make a difference to the Service. */
export function isTouched(service: ServiceObject, changed: ChangedNodePool, deps: TouchedDeps): boolean {
  const request = decodeService(service);
  return mayHave(request, changed, deps) && !isContent(request, changed, deps);
}

/** Whether it has or asks for something there, or may get something there. */
function mayHave(
  request: LoadBalancerRequest,
  { name, labels }: ChangedNodePool,
  { book, cache }: TouchedDeps,
): boolean {
  const { key, ingress, nodePoolSelector, requestedByPool } = request;
  if (nodePoolSelector === undefined) return true; // every NodePool with addresses, or nobody knows which
  if (labels.some((one) => selectorMatches(nodePoolSelector, one)) || requestedByPool.has(name)) return true;
  return (
    ingress.some(({ hostname }) => hostname === name) ||
    book.holdings(key).some(({ nodePool }) => nodePool === name) ||
    cache.poolServices(key).some((one) => nodePoolOfPoolService(one) === name)
  );
}

/** Whether it misses nothing anywhere, has all that it may have there, and that lies in the same address pools as before. */
function isContent(
  request: LoadBalancerRequest,
  { name, ranges }: ChangedNodePool,
  { book, outcomes }: TouchedDeps,
): boolean {
  const { key, families, familyPolicy } = request;
  if (ranges === undefined || outcomes.get(key) !== 'Allocated') return false;
  const held = book.holdings(key).filter(({ nodePool }) => nodePool === name);
  if (held.length !== (familyPolicy === 'SingleStack' ? 1 : families.length)) return false;
  return held.every(({ address }) => {
    const pool = ranges.after.poolOf(address)?.name;
    return pool !== undefined && pool === ranges.before.poolOf(address)?.name;
  });
}
