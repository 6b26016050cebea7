import {
  type AddressPool,
  type IpAddress,
  type LoadBalancerRequest,
  selectorMatches,
  serves,
} from '@openyurt/nodepool-types';
import type { AddressBook } from '../ipam/address-book.ts';

/** One NodePool object and how its addresses stand. */
export interface Site {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `refused`: a ConfigMap is there and none of its texts was ever good; `none`: there is no ConfigMap. */
  readonly config: 'in-force' | 'refused' | 'none';
}

/** What planning looks at besides the Service itself. */
export interface PlanWorld {
  readonly book: AddressBook;
  /** NodePool objects that are not being deleted, by name. */
  readonly sites: ReadonlyMap<string, Site>;
  /** Whether a NodePool of that name is there, or was since the program started: its entries in a status are ours. */
  readonly isNodePool: (name: string) => boolean;
  /** NodePools of the Service's PoolServices, when yurt-manager's LoadBalancerSet chooses; undefined: we choose. */
  readonly chosen?: readonly string[] | undefined;
  /** Whether the Service is to have another address, because its site refused this one; absent: no site refuses any. */
  readonly isRefused?: (request: LoadBalancerRequest, nodePool: string, address: IpAddress) => boolean;
}

/** The NodePools that shall have an address for the Service, sorted by name. */
export function selectPools(request: LoadBalancerRequest, world: PlanWorld): readonly Site[] {
  const { chosen } = world;
  const wanted = (site: Site): boolean => {
    if (chosen !== undefined)
      return chosen.includes(site.name) || (holds(request, site, world) && matches(request, site));
    if (request.problems.some(({ reason }) => reason === 'BadSelector')) return holds(request, site, world);
    if (request.nodePoolSelector !== undefined) return matches(request, site);
    return request.requestedByPool.has(site.name) || offers(request, site, world);
  };
  const sites = [...world.sites.values()].filter(wanted);
  return sites.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** By the Service's selector, whoever chooses. */
export function matches({ nodePoolSelector }: LoadBalancerRequest, site: Site): boolean {
  return nodePoolSelector !== undefined && selectorMatches(nodePoolSelector, site.labels);
}

/** Without a selector: whether the NodePool has what the Service asks for. What it holds there it keeps. */
function offers(request: LoadBalancerRequest, site: Site, { book }: PlanWorld): boolean {
  const { ranges } = book.site(site.name);
  const held = book.holdings(request.key).some(({ nodePool }) => nodePool === site.name);
  if (ranges === undefined || site.config !== 'in-force') {
    // what a refused text would offer nobody knows: a Service that asks for nothing in particular is told so
    const asksForNothing = request.addressPool === undefined && request.requestedAnywhere.length === 0;
    return held || recorded(request, site) || (site.config === 'refused' && asksForNothing);
  }
  const keeps = held || recorded(request, site);
  const suits = (pool: AddressPool | undefined) =>
    pool !== undefined && (keeps || (serves(pool, request) && isNamed(request, pool)));
  if (request.requestedAnywhere.length > 0) {
    return request.requestedAnywhere.some((address) => suits(ranges.poolOf(address)));
  }
  if (request.addressPool !== undefined) return keeps || suits(ranges.pool(request.addressPool));
  return keeps || ranges.autoAssignedTo(request).length > 0;
}

/** Whether the pool is that which the Service names, if it names one. */
function isNamed({ addressPool }: LoadBalancerRequest, { name }: AddressPool): boolean {
  return addressPool === undefined || addressPool === name;
}

/** Of a Service that no NodePool is selected for: whether what it asks for is there all the same, and serves others only. */
export function isForOthers(request: LoadBalancerRequest, { book, sites }: PlanWorld): boolean {
  const { requestedAnywhere, addressPool } = request;
  return [...sites.keys()].some((name) => {
    const { ranges } = book.site(name);
    const pools =
      requestedAnywhere.length > 0
        ? requestedAnywhere.flatMap((address) => ranges?.poolOf(address) ?? [])
        : ((addressPool === undefined ? ranges?.autoAssigned : ranges?.config.pools) ?? []);
    return pools.some((pool) => isNamed(request, pool));
  });
}

function holds(request: LoadBalancerRequest, site: Site, { book }: PlanWorld): boolean {
  return recorded(request, site) || book.holdings(request.key).some(({ nodePool }) => nodePool === site.name);
}

function recorded(request: LoadBalancerRequest, site: Site): boolean {
  return request.ingress.some(({ hostname }) => hostname === site.name);
}
