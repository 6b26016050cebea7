import type { IpAddress, IpFamily, LoadBalancerRequest } from '@openyurt/nodepool-types';
import { FOREIGN, type Holding, sameAddress } from '../ipam/address-book.ts';
import { allocate, requestRefusal } from '../ipam/allocate.ts';
import { type SiteProblem, siteProblem } from './problem-text.ts';
import type { PlanWorld, Site } from './select-pools.ts';

/** How one NodePool is to be served. */
export interface SiteAsk {
  readonly site: Site;
  /** A mistake in the request: what is held stays, nothing new is taken. */
  readonly keepOnly: boolean;
  /** Addresses lost to a port change: the NodePool waits for them and gets no other. */
  readonly evicted: readonly IpAddress[];
  /** NodePools of the same Service that come after this one and hold nothing yet. */
  readonly next: readonly string[];
}

/** Books what the Service is to have in one NodePool and says what could not be done. */
export function planSite(request: LoadBalancerRequest, world: PlanWorld, ask: SiteAsk): SiteProblem[] {
  const wanted = request.familyPolicy === 'SingleStack' ? request.families.slice(0, 1) : request.families;
  dropUnwanted(request, world, ask.site, wanted);
  const before = heldIn(request, world, ask.site.name);
  const problems: SiteProblem[] = [];
  const missing: SiteProblem[] = [];
  for (const family of wanted) {
    const problem = planFamily(request, world, ask, family);
    if (problem === undefined) continue;
    const served = heldIn(request, world, ask.site.name).some(({ address }) => address.family === family);
    (served ? problems : missing).push(problem);
  }
  const has = heldIn(request, world, ask.site.name);
  if (missing.length > 0 && request.familyPolicy === 'RequireDualStack') {
    for (const { address } of has) {
      const old = before.some((held) => sameAddress(held.address, address));
      if (!old) world.book.untake(request.key, ask.site.name, address);
    }
  }
  const lacksRangeOnly = missing.every(({ reason }) => reason === 'NoAddressOfFamily');
  const preferred = request.familyPolicy === 'PreferDualStack' && has.length > 0 && lacksRangeOnly;
  return preferred ? problems : [...problems, ...missing];
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

function planFamily(
  request: LoadBalancerRequest,
  world: PlanWorld,
  ask: SiteAsk,
  family: IpFamily,
): SiteProblem | undefined {
  const { book } = world;
  const { site } = ask;
  const held = heldIn(request, world, site.name).find(({ address }) => address.family === family);
  if (ask.keepOnly) return undefined;
  const asked = askedFor(request, world, site, family);
  if (asked !== undefined) return planRequested(request, world, ask, held, asked);
  if (held !== undefined && stays(request, world, site, held.address)) {
    book.setRequested(request.key, held, false);
    return ofNode(world, site, held);
  }
  if (site.config === 'refused') {
    return held === undefined ? siteProblem(site.name, family, { reason: 'ConfigRefused' }, undefined) : undefined;
  }
  const { ranges } = book.site(site.name);
  const wait = ask.evicted.find((address) => address.family === family && mayReturn(request, world, site, address));
  if (wait !== undefined && held === undefined) {
    const inUse = book.refusal(undefined, wait, request);
    if (inUse !== undefined) return siteProblem(site.name, family, inUse, wait);
    if (book.take(site.name, wait, request) === undefined) return undefined;
    // the port is free, but it may not share the address any more: it gets one of its own
  }
  const outside = held !== undefined && ranges?.poolOf(held.address) === undefined;
  const prefer = book.holdings(request.key).filter(({ nodePool }) => nodePool !== site.name && nodePool !== FOREIGN);
  const found = allocate(book, {
    nodePool: site.name,
    family,
    holder: request,
    pool: request.addressPool,
    prefer: prefer.map(({ address }) => address),
    next: ask.next,
  });
  if (held !== undefined && (outside || 'address' in found)) book.release(request.key, site.name, held.address);
  if ('reason' in found) return siteProblem(site.name, family, found, undefined);
  const refusal = book.take(site.name, found.address, request);
  return refusal && siteProblem(site.name, family, refusal, found.address);
}

/** What was given before a Node had that address stays, and is said. */
function ofNode({ book }: PlanWorld, site: Site, { address }: Holding): SiteProblem | undefined {
  if (!book.nodes.has(address)) return undefined;
  return { ...siteProblem(site.name, address.family, { reason: 'NodeAddress' }, address), advisory: true };
}

/** A requested address is taken or waited for; never another one instead. What was held before stays until then. */
function planRequested(
  request: LoadBalancerRequest,
  world: PlanWorld,
  { site }: SiteAsk,
  held: Holding | undefined,
  asked: IpAddress,
): SiteProblem | undefined {
  if (held !== undefined && sameAddress(held.address, asked)) {
    world.book.setRequested(request.key, held, true);
    return ofNode(world, site, held);
  }
  const refusal =
    site.config === 'refused'
      ? { reason: 'ConfigRefused' as const }
      : requestRefusal(world.book, site.name, asked, request);
  if (refusal !== undefined) return siteProblem(site.name, asked.family, refusal, asked);
  if (held !== undefined) world.book.release(request.key, site.name, held.address);
  world.book.take(site.name, asked, request, true);
  return undefined;
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
  return pool !== undefined && (request.addressPool === undefined || request.addressPool === pool.name);
}

/** Whether an address lost to a port change is worth waiting for: in the ranges still, and no Node has it by now. */
function mayReturn(request: LoadBalancerRequest, world: PlanWorld, site: Site, address: IpAddress): boolean {
  const { ranges } = world.book.site(site.name);
  return ranges !== undefined && !world.book.nodes.has(address) && stays(request, world, site, address);
}

export function heldIn(request: LoadBalancerRequest, { book }: PlanWorld, nodePool: string): readonly Holding[] {
  return book.holdings(request.key).filter((held) => held.nodePool === nodePool);
}
