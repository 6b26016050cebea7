import type { AddressPool, IpAddress, IpFamily } from '@openyurt/nodepool-types';
import type { AddressBook } from './address-book.ts';
import { type Ask, allocate, candidatePools, lowest, type NoAddress, preferred, shared, turnsOf } from './allocate.ts';
import { hasFamily, type SiteRanges } from './site-ranges.ts';

/** What one Service wants in one NodePool: an address of each family, both from one address pool. */
export interface PairAsk extends Omit<Ask, 'family' | 'beside'> {
  /** In the Service's order: the first decides where the two can't be had in the best way both. */
  readonly families: readonly [IpFamily, IpFamily];
}

/** What a family lacks. */
export interface Lack {
  readonly family: IpFamily;
  readonly none: NoAddress;
}

export type AllocatedPair =
  | { readonly addresses: readonly [IpAddress, IpAddress] }
  /** Never empty. */
  | { readonly lacks: readonly Lack[] };

/**
 * The two addresses a Service gets in one NodePool, of one address pool. Of the pools that can serve both families the one
 * that has the first family's best address, in the order of {@link allocate}. Nothing is taken.
 */
export function allocatePair(book: AddressBook, ask: PairAsk): AllocatedPair {
  const { ranges } = book.site(ask.nodePool);
  const [first, second] = ask.families;
  if (ranges === undefined) return { lacks: [{ family: first, none: { reason: 'NoConfig' } }] };
  const lacks = ask.families.flatMap((family): Lack[] => {
    const pools = candidatePools(ranges, { pool: ask.pool, family, holder: ask.holder });
    return 'reason' in pools ? [{ family, none: pools }] : [];
  });
  if (lacks.length > 0) return { lacks: sameReason(lacks) };
  const pools = poolsOf(ask, first, second, ranges);
  if (pools.both.length === 0) {
    return { lacks: [{ family: second, none: { reason: 'NoAddressOfFamily', pools: pools.names, both: true } }] };
  }
  for (const { way, among } of waysOf(pools.both)) {
    for (const pool of among) {
      const one = way(book, { ...ask, family: first }, ranges, [pool]);
      const other = one && allocate(book, { ...ask, family: second, pool: pool.name, beside: one });
      if (one !== undefined && other !== undefined && 'address' in other) return { addresses: [one, other.address] };
    }
  }
  return { lacks: exhaustedIn(book, ask, pools.both) };
}

type Way = (book: AddressBook, ask: Ask, ranges: SiteRanges, pools: readonly AddressPool[]) => IpAddress | undefined;

/** Ways to an address, the best first, and in which pools. */
function waysOf(pools: readonly AddressPool[]): readonly { way: Way; among: readonly AddressPool[] }[] {
  const turns = turnsOf(pools).flatMap((among) => [
    { way: preferred, among },
    { way: (book: AddressBook, ask: Ask, _: SiteRanges, of: readonly AddressPool[]) => lowest(book, ask, of), among },
  ]);
  return [{ way: shared, among: pools }, ...turns];
}

function poolsOf(ask: PairAsk, first: IpFamily, second: IpFamily, ranges: SiteRanges) {
  const all =
    ask.pool === undefined
      ? ranges.autoAssignedTo(ask.holder)
      : ranges.config.pools.filter(({ name }) => name === ask.pool);
  return {
    both: all.filter((pool) => hasFamily(pool, first) && hasFamily(pool, second)),
    names: all.map(({ name }) => name),
  };
}

/** What concerns the NodePool, not the family, is said once. */
function sameReason(lacks: readonly Lack[]): readonly Lack[] {
  return lacks.filter(({ none }, at) => none.reason === 'NoAddressOfFamily' || at === 0);
}

/** Which families are exhausted in all of them; where none is, both are to be had, but of different pools. */
function exhaustedIn(book: AddressBook, ask: PairAsk, pools: readonly AddressPool[]): readonly Lack[] {
  const lacks = ask.families.flatMap((family): Lack[] => {
    const found = pools.map((pool) => allocate(book, { ...ask, family, pool: pool.name }));
    if (found.some((one) => 'address' in one)) return [];
    const avoided = found.reduce((sum, one) => sum + ('avoided' in one ? (one.avoided ?? 0) : 0), 0);
    const rests = book.resting !== undefined;
    const more = { ...(avoided === 0 ? {} : { avoided }), ...(rests ? { rests } : {}) };
    return [{ family, none: { reason: 'PoolExhausted', pools, ...more } }];
  });
  if (lacks.length > 0) return lacks;
  return [{ family: ask.families[1], none: { reason: 'PoolExhausted', pools, both: true } }];
}
