import type { IpFamily, LoadBalancerRequest } from '@openyurt/nodepool-types';
import { FOREIGN } from '../ipam/address-book.ts';
import { type Ask, allocate, type NoAddress } from '../ipam/allocate.ts';
import { allocatePair } from '../ipam/allocate-pair.ts';
import type { SiteAsk } from './plan-site.ts';
import { siteProblem } from './problem-text.ts';
import type { PlanWorld } from './select-pools.ts';
import type { Outcome } from './site-outcome.ts';

/** A family of which an address is to be chosen; what it has may stay where nothing is found. */
export type Open = Pick<Outcome, 'family' | 'held' | 'drops'>;

/**
 * Chooses an address of one family.
 *
 * @param pool where the Service's address of the other family lies; undefined: it has none
 */
export function chooseOne(
  request: LoadBalancerRequest,
  world: PlanWorld,
  ask: SiteAsk,
  open: Open,
  pool: string | undefined,
): Outcome {
  const within = pool ?? request.addressPool;
  const found = allocate(world.book, { ...askOf(request, world, ask), family: open.family, pool: within });
  if ('address' in found) return { ...open, take: { address: found.address, requested: false } };
  return lacking(ask, open, found, within, false);
}

/**
 * Chooses the addresses of both families, from one address pool. Where no pool can serve both now: RequireDualStack gets
 * nothing. PreferDualStack gets one, of the first of its families that can be had, of a pool with ranges of both where
 * there is one, because there the second can follow. So does MetalLB (v0.15, internal/allocator), which takes the one of the first pool that has any.
 * An address it has is exchanged for one elsewhere only if that leaves it with no less than it has.
 */
export function chooseTwo(
  request: LoadBalancerRequest,
  world: PlanWorld,
  ask: SiteAsk,
  opens: readonly [Open, Open],
): readonly Outcome[] {
  const [first, second] = opens;
  const asked = askOf(request, world, ask);
  const pair = allocatePair(world.book, { ...asked, families: [first.family, second.family] });
  if ('addresses' in pair) {
    const [one, two] = pair.addresses;
    return [
      { ...first, take: { address: one, requested: false } },
      { ...second, take: { address: two, requested: false } },
    ];
  }
  const keeping = opens.filter(({ held, drops }) => held !== undefined && !drops);
  if (request.familyPolicy === 'PreferDualStack' && keeping.length < 2) {
    const [kept] = keeping;
    for (const [open, other] of [opens, [second, first] as const]) {
      if (kept !== undefined && kept !== open) continue;
      const alone = preferTwoFamilies(request, world, ask, open.family, other.family);
      if ('reason' in alone) continue;
      const got: Outcome = { ...open, take: { address: alone.address, requested: false } };
      const pool = world.book.site(ask.site.name).ranges?.poolOf(alone.address)?.name;
      const missing = chooseOne(request, world, ask, other, pool);
      return open === first ? [got, missing] : [missing, got];
    }
    return lackingEach(request, world, ask, opens);
  }
  return opens.map((open) => {
    const lack = pair.lacks.find(({ family }) => family === open.family);
    return lack === undefined ? open : lacking(ask, open, lack.none, request.addressPool, true);
  });
}

/** Either family would do. What concerns the NodePool, not the family, is said once. */
function lackingEach(
  request: LoadBalancerRequest,
  world: PlanWorld,
  ask: SiteAsk,
  opens: readonly [Open, Open],
): readonly Outcome[] {
  const [first, second] = opens.map((open) => chooseOne(request, world, ask, open, undefined));
  if (first === undefined || second === undefined) return opens;
  const same = first.problem?.message === second.problem?.message;
  return same ? [first, opens[1]] : [first, second];
}

/** One address: of pools with ranges of both families first. */
function preferTwoFamilies(
  request: LoadBalancerRequest,
  world: PlanWorld,
  ask: SiteAsk,
  family: IpFamily,
  other: IpFamily,
) {
  const { ranges } = world.book.site(ask.site.name);
  const asked: Ask = { ...askOf(request, world, ask), family };
  if (request.addressPool === undefined) {
    const others = ranges?.autoAssignedTo(request, other) ?? [];
    for (const pool of ranges?.autoAssignedTo(request, family) ?? []) {
      const found = others.includes(pool) ? allocate(world.book, { ...asked, pool: pool.name }) : undefined;
      if (found !== undefined && 'address' in found) return found;
    }
  }
  return allocate(world.book, asked);
}

function askOf(request: LoadBalancerRequest, { book }: PlanWorld, { site, next }: SiteAsk): Omit<Ask, 'family'> {
  const elsewhere = book
    .holdings(request.key)
    .filter(({ nodePool }) => nodePool !== site.name && nodePool !== FOREIGN)
    .map(({ address }) => address);
  return { nodePool: site.name, holder: request, pool: request.addressPool, prefer: elsewhere, next };
}

/** @param both the family is of no use to the Service without the other */
function lacking({ site }: SiteAsk, open: Open, none: NoAddress, within: string | undefined, both: boolean): Outcome {
  const problem = siteProblem(site.name, open.family, none, undefined);
  if (problem.comesFree === undefined) return { ...open, problem };
  return { ...open, problem: { ...problem, ...(within === undefined ? {} : { within }), ...(both ? { both } : {}) } };
}
