import { type IpAddress, type IpFamily, type LoadBalancerRequest, serves } from '@openyurt/nodepool-types';
import { type Holding, sameAddress } from '../ipam/address-book.ts';
import { requestRefusal, returnRefusal } from '../ipam/allocate.ts';
import { chooseOne, chooseTwo, type Open } from './choose-addresses.ts';
import { type SiteProblem, siteProblem } from './problem-text.ts';
import type { PlanWorld, Site } from './select-pools.ts';
import { bothOrNone, finalOf, leaves, type Outcome, ofOnePool } from './site-outcome.ts';

/** How one NodePool is to be served. */
export interface SiteAsk {
  readonly site: Site;
  /** A mistake in the request: what is held stays, nothing new is taken. */
  readonly keepOnly: boolean;
  /** Addresses lost to a change of ports, sharing key or policy: the NodePool waits for them and gets no other. */
  readonly evicted: readonly IpAddress[];
  /** NodePools of the same Service that come after this one and hold nothing yet. */
  readonly next: readonly string[];
}

/** An address that a Service had in a NodePool, and the one it has instead because its site refused that. */
export interface Move {
  readonly nodePool: string;
  readonly from: IpAddress;
  readonly to: IpAddress;
}

export interface SitePlan {
  readonly problems: readonly SiteProblem[];
  readonly moves: readonly Move[];
}

/** Books what the Service is to have in one NodePool and says what could not be done. */
export function planSite(request: LoadBalancerRequest, world: PlanWorld, ask: SiteAsk): SitePlan {
  const { site } = ask;
  const wanted = request.familyPolicy === 'SingleStack' ? request.families.slice(0, 1) : request.families;
  dropUnwanted(request, world, site, wanted);
  if (ask.keepOnly) return { problems: [], moves: [] };
  const { ranges } = world.book.site(site.name);
  let outcomes = decide(request, world, ask, wanted);
  if (ranges !== undefined) outcomes = ofOnePool(site.name, outcomes, ranges);
  if (request.familyPolicy === 'RequireDualStack') outcomes = bothOrNone(outcomes);
  const moves = outcomes.flatMap(({ held, take }): Move[] =>
    held === undefined || take === undefined || !isRefused(request, world, site, held)
      ? []
      : [{ nodePool: site.name, from: held, to: take.address }],
  );
  const refused = commit(request, world, site, outcomes);
  const problems = outcomes.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
  const missing = outcomes.filter((outcome) => finalOf(outcome) === undefined);
  const lacksRangeOnly = missing.every(({ problem }) => problem?.reason === 'NoAddressOfFamily');
  const content = request.familyPolicy === 'PreferDualStack' && missing.length === 1 && lacksRangeOnly;
  const said = content ? problems.filter((problem) => problem !== missing[0]?.problem) : problems;
  return { problems: [...said, ...refused], moves };
}

/** One address per wanted family: the rest is given back. */
function dropUnwanted(request: LoadBalancerRequest, world: PlanWorld, site: Site, wanted: readonly IpFamily[]): void {
  const seen = new Set<IpFamily>();
  for (const { address } of heldIn(request, world, site.name)) {
    if (!wanted.includes(address.family) || seen.has(address.family)) {
      world.book.release(request.key, site.name, address);
    }
    seen.add(address.family);
  }
}

/** What each family comes to, each for itself; of those that need an address chosen, together. */
function decide(
  request: LoadBalancerRequest,
  world: PlanWorld,
  ask: SiteAsk,
  wanted: readonly IpFamily[],
): readonly Outcome[] {
  const { ranges } = world.book.site(ask.site.name);
  const settled = new Map<IpFamily, Outcome>();
  const opens: Open[] = [];
  for (const family of wanted) {
    const held = heldIn(request, world, ask.site.name).find(({ address }) => address.family === family)?.address;
    const outcome = settle(request, world, ask, family, held);
    if (outcome !== undefined) settled.set(family, outcome);
    else opens.push({ family, held, drops: held !== undefined && ranges?.poolOf(held) === undefined });
  }
  const [first, second] = opens;
  if (
    first !== undefined &&
    second !== undefined &&
    !opens.some(({ held }) => held && isRefused(request, world, ask.site, held))
  ) {
    return chooseTwo(request, world, ask, [first, second]);
  }
  for (const open of opens) {
    const other = wanted.find((family) => family !== open.family);
    const lies = other && targetOf(request, world, ask, other, settled.get(other));
    settled.set(open.family, chooseOne(request, world, ask, open, lies && ranges?.poolOf(lies)?.name));
  }
  return wanted.flatMap((family) => settled.get(family) ?? []);
}

/** What has or asks for a certain address; undefined: one is to be chosen. */
function settle(
  request: LoadBalancerRequest,
  world: PlanWorld,
  ask: SiteAsk,
  family: IpFamily,
  held: IpAddress | undefined,
): Outcome | undefined {
  const { book } = world;
  const { site } = ask;
  const asked = askedFor(request, world, site, family);
  if (asked !== undefined) return settleRequested(request, world, site, held, asked);
  if (held !== undefined && stays(request, world, site, held) && !isRefused(request, world, site, held)) {
    return { family, held, requested: false, problem: ofNode(world, site, held) };
  }
  if (site.config === 'refused') {
    const problem =
      held === undefined ? siteProblem(site.name, family, { reason: 'ConfigRefused' }, undefined) : undefined;
    return { family, held, problem };
  }
  const wait = ask.evicted.find((address) => address.family === family && mayReturn(request, world, site, address));
  if (wait === undefined || held !== undefined) return undefined;
  const inUse = returnRefusal(book, site.name, wait, request);
  if (inUse !== undefined) return { family, held, problem: siteProblem(site.name, family, inUse, wait, true) };
  // who shares with nobody, or meets one who doesn't, gets one of its own
  const free = book.refusal(site.name, wait, request) === undefined;
  return free ? { family, held, take: { address: wait, requested: false } } : undefined;
}

/** A requested address is taken or waited for; never another one instead. What was held before stays until then. */
function settleRequested(
  request: LoadBalancerRequest,
  world: PlanWorld,
  site: Site,
  held: IpAddress | undefined,
  asked: IpAddress,
): Outcome {
  const { family } = asked;
  const elsewhere = ofAnotherPool(request, world, site, asked);
  const drops = held !== undefined && isStray(world, site, held);
  if (held !== undefined && sameAddress(held, asked) && !drops) {
    const conflict = elsewhere && { ...siteProblem(site.name, family, elsewhere, asked), advisory: true };
    return { family, held, requested: true, problem: ofNode(world, site, held) ?? conflict };
  }
  const refusal =
    site.config === 'refused'
      ? { reason: 'ConfigRefused' as const }
      : (elsewhere ?? apart(request, world, site, asked) ?? requestRefusal(world.book, site.name, asked, request));
  if (refusal !== undefined) return { family, held, drops, problem: siteProblem(site.name, family, refusal, asked) };
  return { family, held, take: { address: asked, requested: true } };
}

/** Whether the ranges in force hold the address no more, and nothing outside them is allowed. */
function isStray({ book }: PlanWorld, site: Site, address: IpAddress): boolean {
  const { ranges } = book.site(site.name);
  return ranges !== undefined && ranges.poolOf(address) === undefined && !ranges.config.site.allowOutsideRanges;
}

/** The address asked for is not of the address pool asked for. One outside all pools is of none. */
function ofAnotherPool({ addressPool: named }: LoadBalancerRequest, world: PlanWorld, site: Site, asked: IpAddress) {
  const pool = world.book.site(site.name).ranges?.poolOf(asked)?.name;
  if (named === undefined || pool === undefined || pool === named) return undefined;
  return { reason: 'AddressPoolDiffers' as const, pool, named };
}

/** Of two addresses asked for of two address pools the second is refused, whether or not the first can be had. */
function apart(request: LoadBalancerRequest, world: PlanWorld, site: Site, asked: IpAddress) {
  const [family] = request.families;
  const first = family === undefined || family === asked.family ? undefined : askedFor(request, world, site, family);
  const { ranges } = world.book.site(site.name);
  const [pool, other] = [ranges?.poolOf(asked)?.name, first && ranges?.poolOf(first)?.name];
  if (pool === undefined || other === undefined || pool === other) return undefined;
  return { reason: 'AddressPoolDiffers' as const, pool, other };
}

/** What was given before a Node had that address stays, and is said. */
function ofNode({ book }: PlanWorld, site: Site, address: IpAddress): SiteProblem | undefined {
  if (!book.nodes.has(address)) return undefined;
  return { ...siteProblem(site.name, address.family, { reason: 'NodeAddress' }, address), advisory: true };
}

/** The address of a family that the other one is to lie beside: what it asks for, has or waits for. */
function targetOf(
  request: LoadBalancerRequest,
  world: PlanWorld,
  { site, evicted }: SiteAsk,
  family: IpFamily,
  outcome: Outcome | undefined,
): IpAddress | undefined {
  if (outcome !== undefined) {
    const lost = () => evicted.find((address) => address.family === family && mayReturn(request, world, site, address));
    return askedFor(request, world, site, family) ?? finalOf(outcome) ?? lost();
  }
  const held = heldIn(request, world, site.name).find(({ address }) => address.family === family)?.address;
  return held !== undefined && stays(request, world, site, held) ? held : undefined;
}

/** @returns what the book would not have, which is nothing unless it changed since it was asked */
function commit(
  request: LoadBalancerRequest,
  { book }: PlanWorld,
  site: Site,
  outcomes: readonly Outcome[],
): SiteProblem[] {
  for (const outcome of outcomes) {
    if (outcome.held !== undefined && leaves(outcome)) book.release(request.key, site.name, outcome.held);
  }
  const problems: SiteProblem[] = [];
  for (const { held, take, requested } of outcomes) {
    if (take !== undefined) {
      const refusal = book.take(site.name, take.address, request, take.requested);
      if (refusal !== undefined) problems.push(siteProblem(site.name, take.address.family, refusal, take.address));
    } else if (held !== undefined && requested !== undefined) {
      book.setRequested(request.key, { key: request.key, nodePool: site.name, address: held, requested }, requested);
    }
  }
  return problems;
}

/** Whether the site refused an address that it was given unasked and never used, so that it is to have another. */
function isRefused(request: LoadBalancerRequest, world: PlanWorld, site: Site, address: IpAddress): boolean {
  // without a configuration in force there is no other to be had
  if (world.book.site(site.name).ranges === undefined) return false;
  return world.isRefused?.(request, site.name, address) ?? false;
}

/** The address the Service asks for in this NodePool, in this family. */
function askedFor(request: LoadBalancerRequest, world: PlanWorld, site: Site, family: IpFamily): IpAddress | undefined {
  const byPool = request.requestedByPool.get(site.name)?.find((address) => address.family === family);
  if (byPool !== undefined) return byPool;
  const anywhere = request.requestedAnywhere.find((address) => address.family === family);
  if (anywhere === undefined) return undefined;
  const held = heldIn(request, world, site.name).some(({ address }) => sameAddress(address, anywhere));
  return held || world.chosen !== undefined || request.nodePoolSelector !== undefined
    ? anywhere
    : world.book.site(site.name).ranges?.poolOf(anywhere) && anywhere;
}

/** Whether an address stays although nobody asked for it by name. Without a configuration in force all stay. */
function stays(request: LoadBalancerRequest, world: PlanWorld, site: Site, address: IpAddress): boolean {
  const { ranges } = world.book.site(site.name);
  if (ranges === undefined) return true;
  const pool = ranges.poolOf(address);
  if (pool === undefined || request.addressPool === undefined || request.addressPool === pool.name)
    return pool !== undefined;
  const asked = askedFor(request, world, site, address.family === 'IPv4' ? 'IPv6' : 'IPv4');
  return asked !== undefined && ranges.poolOf(asked) === pool; // it was taken there to lie beside what is asked for
}

/** Whether an address that was lost is worth waiting for: in ranges that serve it still, and no Node has it by now. */
function mayReturn(request: LoadBalancerRequest, world: PlanWorld, site: Site, address: IpAddress): boolean {
  const { ranges } = world.book.site(site.name);
  const pool = ranges?.poolOf(address);
  if (pool === undefined || !serves(pool, request)) return false;
  return !world.book.nodes.has(address) && stays(request, world, site, address);
}

export function heldIn(request: LoadBalancerRequest, { book }: PlanWorld, nodePool: string): readonly Holding[] {
  return book.holdings(request.key).filter((held) => held.nodePool === nodePool);
}
