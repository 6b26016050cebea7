import { type AddressPool, compareTurns, type IpAddress, type IpFamily, serves } from '@openyurt/nodepool-types';
import { type AddressBook, FOREIGN } from './address-book.ts';
import { lowestAbsent } from './address-set.ts';
import type { Holder, Refusal } from './sharing.ts';
import { avoided, hasFamily, type SiteRanges } from './site-ranges.ts';

/** What one Service wants in one NodePool. */
export interface Ask {
  readonly nodePool: string;
  readonly family: IpFamily;
  readonly holder: Holder;
  /** Address pool by name; undefined: any that auto-assigns. */
  readonly pool: string | undefined;
  /** Addresses to take if they are free and allowed: those the Service has in other NodePools. */
  readonly prefer: readonly IpAddress[];
  /** NodePools that want an address for the same Service next: one that suits them too is taken where there is one. */
  readonly next: readonly string[];
  /** The Service's address of the other family: of those it may share, one that the same Services hold goes first. */
  readonly beside?: IpAddress;
}

export type NoAddress =
  | { readonly reason: 'NoConfig' }
  | { readonly reason: 'NoSuchPool'; readonly pool: string; readonly pools: readonly string[] }
  | { readonly reason: 'NoAutoAssign'; readonly pools: readonly string[] }
  /** They serve other namespaces, or Services with other labels. */
  | { readonly reason: 'PoolNotForService'; readonly pools: readonly string[] }
  /** `both`: each family is there, but no pool has the two. */
  | { readonly reason: 'NoAddressOfFamily'; readonly pools: readonly string[]; readonly both?: true }
  /** `avoided`: addresses that are free and that hosts of the site use. `rests`: what is released is not free at once. `both`: each family is there, but no pool can serve the two. */
  | {
      readonly reason: 'PoolExhausted';
      readonly pools: readonly AddressPool[];
      readonly avoided?: number;
      readonly rests?: true;
      readonly both?: true;
    };

export type Allocated = { readonly address: IpAddress } | NoAddress;

/** How many addresses are tried to find one that suits the next NodePools too; then the lowest free one is taken. */
const COMMON_TRIES = 64;
/** And how many NodePools are asked in all: a Service for a thousand sites must not take a thousand times longer. */
const COMMON_CHECKS = 8192;

/**
 * The address a Service gets in one NodePool: one it may share under its key; else, of the pools whose turn is first, one
 * it had lately or has elsewhere, else the lowest free one in the order of the file. Nothing is taken: that is {@link AddressBook.take}.
 */
export function allocate(book: AddressBook, ask: Ask): Allocated {
  const { ranges } = book.site(ask.nodePool);
  if (ranges === undefined) return { reason: 'NoConfig' };
  const pools = candidatePools(ranges, ask);
  if ('reason' in pools) return pools;
  const address = shared(book, ask, ranges, pools) ?? inTurn(book, ask, ranges, pools);
  return address === undefined ? exhausted(book, ask, pools) : { address };
}

function inTurn(book: AddressBook, ask: Ask, ranges: SiteRanges, pools: readonly AddressPool[]) {
  if (!ranges.hasTurns) return preferred(book, ask, ranges, pools) ?? lowest(book, ask, pools);
  for (const equals of turnsOf(pools)) {
    const address = preferred(book, ask, ranges, equals) ?? lowest(book, ask, equals);
    if (address !== undefined) return address;
  }
  return undefined;
}

/** Pools whose turn is the same, in their order. @param pools sorted by it */
export function turnsOf(pools: readonly AddressPool[]): readonly (readonly AddressPool[])[] {
  const turns: AddressPool[][] = [];
  let before: AddressPool | undefined;
  for (const pool of pools) {
    if (before !== undefined && compareTurns(before, pool) === 0) turns.at(-1)?.push(pool);
    else turns.push([pool]);
    before = pool;
  }
  return turns;
}

export function exhausted(book: AddressBook, { nodePool, family }: Ask, pools: readonly AddressPool[]): NoAddress {
  const avoided = book.site(nodePool).avoidedIn(pools, family);
  const rests = book.resting !== undefined;
  return { reason: 'PoolExhausted', pools, ...(avoided === 0 ? {} : { avoided }), ...(rests ? { rests } : {}) };
}

/** The address pools that may serve, in their turn. */
export function candidatePools(
  ranges: SiteRanges,
  ask: Pick<Ask, 'pool' | 'family' | 'holder'>,
): readonly AddressPool[] | NoAddress {
  const { pool: name, family, holder } = ask;
  if (name === undefined) {
    const auto = ranges.autoAssignedTo(holder, family);
    if (auto.length > 0) return auto;
    const others = ranges.autoAssignedTo(holder);
    if (others.length > 0) return { reason: 'NoAddressOfFamily', pools: names(others) };
    if (ranges.autoAssigned.length > 0) return { reason: 'PoolNotForService', pools: names(ranges.autoAssigned) };
    return { reason: 'NoAutoAssign', pools: names(ranges.config.pools) };
  }
  const pool = ranges.pool(name);
  if (pool === undefined) return { reason: 'NoSuchPool', pool: name, pools: names(ranges.config.pools) };
  if (!serves(pool, holder)) return { reason: 'PoolNotForService', pools: [name] };
  return hasFamily(pool, family) ? [pool] : { reason: 'NoAddressOfFamily', pools: [name] };
}

function names(pools: readonly AddressPool[]): string[] {
  return pools.map((pool) => pool.name);
}

/** Whether the address may be given without being asked for by name. */
function suits(book: AddressBook, nodePool: string, holder: Holder, pool: AddressPool, address: IpAddress): boolean {
  const { avoid, resting } = book.site(nodePool);
  if (avoided(pool, address) || book.nodes.has(address) || avoid.has(address)) return false;
  if (book.site(FOREIGN).used.has(address)) return false; // another controller gave it, or its Service adopts it in a moment
  if (resting.has(address) && restRefusal(book, nodePool, address, holder) !== undefined) return false;
  return book.refusal(nodePool, address, holder) === undefined;
}

/** Whether another Service had the address in the NodePool lately. */
export function restRefusal(
  book: AddressBook,
  nodePool: string,
  address: IpAddress,
  { key }: Holder,
): Refusal | undefined {
  const former = book.resting?.at(book.site(nodePool), address)?.service;
  return former === undefined || former === key ? undefined : { reason: 'AddressResting', holder: former };
}

/**
 * Why an address that the Service lost to a change of its own, or of a partner's, can't be had back yet; undefined: nothing
 * stands in the way, or somebody who shares with nobody has it by now, so that it is not worth waiting for.
 */
export function returnRefusal(
  book: AddressBook,
  nodePool: string,
  address: IpAddress,
  holder: Holder,
): Refusal | undefined {
  const gone = book.refusal(undefined, address, holder) ?? restRefusal(book, nodePool, address, holder);
  if (gone !== undefined) return gone;
  const apart = book.refusal(nodePool, address, holder);
  return apart?.reason === 'SharingRefused' && book.holder(apart.holder)?.sharingKey !== undefined ? apart : undefined;
}

export function shared(book: AddressBook, ask: Ask, ranges: SiteRanges, pools: readonly AddressPool[]) {
  const { beside, nodePool } = ask;
  const { sharingKey } = ask.holder;
  if (sharingKey === undefined) return undefined;
  const suitable = (address: IpAddress): boolean => {
    const pool = address.family === ask.family ? ranges.poolOf(address) : undefined;
    return pool !== undefined && pools.includes(pool) && suits(book, nodePool, ask.holder, pool, address);
  };
  const all = book.site(nodePool).sharedUnder(sharingKey);
  const partners = beside === undefined ? [] : book.holders(nodePool, beside);
  const theirs = (address: IpAddress) => book.holders(nodePool, address).some((key) => partners.includes(key));
  const best = partners.length === 0 ? undefined : all.find((address) => suitable(address) && theirs(address));
  return best ?? all.find(suitable);
}

const NONE: readonly IpAddress[] = [];

export function preferred(book: AddressBook, ask: Ask, ranges: SiteRanges, pools: readonly AddressPool[]) {
  const own = book.resting?.of(ask.holder.key, book.site(ask.nodePool)) ?? NONE;
  const among = own.length === 0 ? ask.prefer : [...own, ...ask.prefer];
  return among.find((address) => {
    const pool = address.family === ask.family ? ranges.poolOf(address) : undefined;
    return pool !== undefined && pools.includes(pool) && suits(book, ask.nodePool, ask.holder, pool, address);
  });
}

export function lowest(book: AddressBook, ask: Ask, pools: readonly AddressPool[]): IpAddress | undefined {
  const { family } = ask;
  const site = book.site(ask.nodePool);
  const taken = [site.used, book.site(FOREIGN).used, book.nodes, site.avoid, ...book.portsInUse(ask.holder)];
  if (site.resting.size > 0) taken.push(site.resting);
  const next = site.ranges === undefined ? [] : overlapping(book, site.ranges, ask);
  let first: IpAddress | undefined;
  let triesLeft = Math.min(COMMON_TRIES, Math.ceil(COMMON_CHECKS / Math.max(1, next.length)));
  for (const pool of pools) {
    for (const range of pool.ranges) {
      if (range.family !== family) continue;
      let from = range.first;
      for (;;) {
        const value = lowestAbsent(range, from, taken, pool.avoidBuggyIps);
        if (value === undefined) break;
        const address: IpAddress = { family, value };
        first ??= address;
        if (next.every((nodePool) => mayTake(book, ask, nodePool, address))) return address;
        if (--triesLeft <= 0) return first;
        from = value + 1n;
      }
    }
  }
  return first;
}

/** Whether the pool has no address of the family that a Service without a sharing key could take, whatever its ports. */
export function isFull(book: AddressBook, nodePool: string, pool: AddressPool, family: IpFamily): boolean {
  const site = book.site(nodePool);
  const taken = [site.used, book.nodes, site.avoid];
  const ranges = pool.ranges.filter((range) => range.family === family);
  return ranges.every((range) => lowestAbsent(range, range.first, taken, pool.avoidBuggyIps) === undefined);
}

/** The next NodePools that could have the same address at all. */
function overlapping(book: AddressBook, ranges: SiteRanges, ask: Ask): readonly string[] {
  if (ask.next.length === 0) return ask.next;
  return ask.next.filter((nodePool) => book.site(nodePool).ranges?.overlaps(ranges, ask.family) ?? false);
}

/** Whether the address could be given in the NodePool to one who names no address. */
export function mayTake(
  book: AddressBook,
  ask: Pick<Ask, 'holder' | 'pool'>,
  nodePool: string,
  address: IpAddress,
): boolean {
  const pool = book.site(nodePool).ranges?.poolOf(address);
  if (pool === undefined || (ask.pool === undefined ? !pool.autoAssign : pool.name !== ask.pool)) return false;
  if (!serves(pool, ask.holder)) return false;
  return suits(book, nodePool, ask.holder, pool, address);
}

/** Why a Service can't have the very address it asks for in a NodePool; undefined: it can. */
export function requestRefusal(
  book: AddressBook,
  nodePool: string,
  address: IpAddress,
  holder: Holder,
): Refusal | NoAddress | { readonly reason: 'AddressNotInPool' } | undefined {
  const { ranges } = book.site(nodePool);
  if (ranges === undefined) return { reason: 'NoConfig' };
  const pool = ranges.poolOf(address);
  if (pool === undefined && !ranges.config.site.allowOutsideRanges) return { reason: 'AddressNotInPool' };
  if (pool !== undefined && !serves(pool, holder)) return { reason: 'PoolNotForService', pools: [pool.name] };
  if (book.nodes.has(address)) return { reason: 'NodeAddress' };
  return restRefusal(book, nodePool, address, holder) ?? book.refusal(nodePool, address, holder);
}
