import {
  type ControllerWarning,
  compareIp,
  type IpAddress,
  type IpFamily,
  type LoadBalancerIngress,
  type LoadBalancerRequest,
  NODE_POOL_LABEL,
  NODE_POOL_SELECTOR_ANNOTATION,
  quote,
} from '@openyurt/nodepool-types';
import { type AddressBook, FOREIGN, type Holding, sameAddress } from '../ipam/address-book.ts';
import { returnRefusal } from '../ipam/allocate.ts';
import type { Refusal } from '../ipam/sharing.ts';
import { type Move, planSite, type SitePlan } from './plan-site.ts';
import { type SiteProblem, siteProblem } from './problem-text.ts';
import { adoptForeign, adoptRecorded, ingressEntry, noteForeign, readIngress } from './recorded.ts';
import { isForOthers, matches, type PlanWorld, type Site, selectPools } from './select-pools.ts';

/** Something that a Service misses in one NodePool. */
export interface Wait {
  readonly nodePool: string;
  /** As in {@link SiteProblem}. */
  readonly comesFree: IpAddress | IpFamily | undefined;
  readonly within?: string;
  readonly both?: boolean;
}

/** What one Service shall look like. The address book already says the same. */
export interface ServicePlan {
  /** Sorted by NodePool, IPv4 first; entries of others after them, as they stood. */
  readonly ingress: readonly LoadBalancerIngress[];
  readonly holdings: readonly Holding[];
  readonly problems: readonly SiteProblem[];
  /** What is missing, problem by problem. */
  readonly waits: readonly Wait[];
  /** What this planning exchanged because its site refused it. */
  readonly moves: readonly Move[];
  /** Addresses the Service lost to a change of ports, sharing key or policy and waits for, by NodePool; the condition's message records them. */
  readonly evicted: ReadonlyMap<string, readonly IpAddress[]>;
}

/** Nothing lost: for a Service planned for the first time. */
export const NONE_EVICTED: ReadonlyMap<string, readonly IpAddress[]> = new Map();

/**
 * Decides everything about one Service and books it. Level-based: planning again changes nothing. What a user got
 * wrong, or what is exhausted, is a problem of one NodePool; the others are served all the same.
 *
 * @param evictedBefore what the plan before this one returned as `evicted`
 * @param isFirst whether it is planned for the first time; later the status may be one that we have not overwritten yet
 */
export function planService(
  request: LoadBalancerRequest,
  world: PlanWorld,
  evictedBefore: ReadonlyMap<string, readonly IpAddress[]> = NONE_EVICTED,
  isFirst = true,
): ServicePlan {
  const { book } = world;
  const problems: SiteProblem[] = request.problems.map((problem) => ({ ...problem, nodePool: problem.nodePool }));
  // made anew under its name, it is another Service
  if ((book.holder(request.key)?.uid ?? request.uid) !== request.uid) book.releaseAll(request.key);
  const lost = book.update(request);
  const { ours, foreign } = readIngress(request.ingress, world.isNodePool);
  const selected = selectPools(request, world);
  const names = selected.map(({ name }) => name);
  const fresh = ours.filter(
    ({ nodePool }) =>
      names.includes(nodePool) && !evictedBefore.has(nodePool) && !lost.some(({ held }) => held.nodePool === nodePool),
  );
  const doubled = adoptRecorded(request, fresh, book);
  const left = request.adopt ? adoptForeign(request, foreign, names, world) : foreign;
  noteForeign(request, left, book);
  // what LoadBalancerSet has yet to take out of the status is in use until then
  const published = world.chosen === undefined ? [] : ours;
  for (const { nodePool, address } of [...book.holdings(request.key)]) {
    if (nodePool === FOREIGN || names.includes(nodePool)) continue;
    const stays = published.some((entry) => entry.nodePool === nodePool && sameAddress(entry.address, address));
    if (!stays) book.release(request.key, nodePool, address);
  }
  const evicted = new Map([...evictedBefore].filter(([nodePool]) => names.includes(nodePool)));
  for (const { held } of lost) {
    if (held.nodePool === FOREIGN || !names.includes(held.nodePool)) continue;
    evicted.set(held.nodePool, [...(evicted.get(held.nodePool) ?? []), held.address]);
  }
  for (const { entry, refusal } of isFirst ? doubled : []) {
    if (wasShared(request, refusal, book)) {
      evicted.set(entry.nodePool, [...(evicted.get(entry.nodePool) ?? []), entry.address]);
      continue;
    }
    const problem = siteProblem(entry.nodePool, entry.address.family, refusal, entry.address);
    problems.push({ ...problem, advisory: true, isOver: true });
  }
  const sites = planSites(request, world, selected, evicted);
  problems.push(...sites.flatMap((site) => site.problems));
  if (selected.length === 0) problems.push(...nobodySelected(request, world));
  problems.push(...strayRequests(request, world, [...names, ...comingSites(request, world).map(({ name }) => name)]));
  for (const [nodePool, addresses] of evicted) {
    const waiting = addresses.filter(
      (address) =>
        returnRefusal(book, nodePool, address, request) !== undefined &&
        !book
          .holdings(request.key)
          .some((held) => held.nodePool === nodePool && held.address.family === address.family),
    );
    if (waiting.length === 0) evicted.delete(nodePool);
    else evicted.set(nodePool, waiting);
  }
  const holdings = sorted(book.holdings(request.key).filter(({ nodePool }) => nodePool !== FOREIGN));
  if (left.length > 0) problems.push(foreignProblem(left));
  return {
    ingress: [...holdings.map(({ nodePool, address }) => ingressEntry(nodePool, address)), ...left],
    holdings,
    problems,
    waits: problems.flatMap(waitsOf),
    moves: sites.flatMap(({ moves }) => moves),
    evicted,
  };
}

/** One of two partners was changed while no controller ran: then what was recorded is waited for as if one had. */
function wasShared({ sharingKey }: LoadBalancerRequest, refusal: Refusal, book: AddressBook): boolean {
  const other = 'holder' in refusal ? book.holder(refusal.holder) : undefined;
  return sharingKey !== undefined && other?.sharingKey !== undefined;
}

/** Who needs both families waits for each, whichever is the last to come. */
function waitsOf({ nodePool, advisory, comesFree, within, both }: SiteProblem): Wait[] {
  if (advisory || nodePool === undefined) return [];
  const more = { ...(within === undefined ? {} : { within }), ...(both ? { both } : {}) };
  const families: readonly IpFamily[] = ['IPv4', 'IPv6'];
  return both
    ? families.map((family) => ({ nodePool, comesFree: family, ...more }))
    : [{ nodePool, comesFree, ...more }];
}

function planSites(
  request: LoadBalancerRequest,
  world: PlanWorld,
  selected: readonly Site[],
  evicted: ReadonlyMap<string, readonly IpAddress[]>,
): SitePlan[] {
  const stuck = (nodePool: string): boolean =>
    request.problems.some(
      (problem) => !problem.advisory && (problem.nodePool === undefined || problem.nodePool === nodePool),
    );
  const holds = world.book.holdings(request.key).some(({ nodePool }) => nodePool !== FOREIGN);
  const others = [...new Set([...selected, ...comingSites(request, world)])].filter((site) => site !== selected[0]);
  let next = holds ? [] : others.map(({ name }) => name);
  const plans: SitePlan[] = [];
  for (const site of selected) {
    const ask = { site, keepOnly: stuck(site.name), evicted: evicted.get(site.name) ?? [], next };
    plans.push(planSite(request, world, ask));
    next = []; // those after the first prefer what the first got
  }
  return plans;
}

/** Those that get a PoolService sooner or later: LoadBalancerSet makes one after the other. */
function comingSites(request: LoadBalancerRequest, { chosen, sites }: PlanWorld): readonly Site[] {
  return chosen === undefined ? [] : [...sites.values()].filter((site) => matches(request, site));
}

function nobodySelected(request: LoadBalancerRequest, world: PlanWorld): SiteProblem[] {
  if (request.problems.some((problem) => !problem.advisory)) return [];
  const say = (reason: ControllerWarning, message: string): SiteProblem[] => [{ nodePool: undefined, reason, message }];
  if (world.chosen !== undefined) return [];
  if (world.sites.size === 0) return say('NoNodePool', 'The cluster has no NodePool. Create one.');
  if (request.nodePoolSelector !== undefined) {
    const text = quote(request.nodePoolSelector.text);
    return say(
      'NoNodePool',
      `No NodePool has labels that match ${text}. Label a NodePool so, or change the annotation ${NODE_POOL_SELECTOR_ANNOTATION}.`,
    );
  }
  if (isForOthers(request, world)) {
    const named = request.addressPool === undefined ? '' : ` ${quote(request.addressPool)}`;
    const which = request.requestedAnywhere.length > 0 ? ' that holds the requested address' : named;
    return say(
      'PoolNotForService',
      `Every address pool${which} serves other Services only. Change the Service's labels, or namespaces and service-selectors in a ConfigMap.`,
    );
  }
  if (request.requestedAnywhere.length > 0) {
    const where = request.addressPool === undefined ? 'its ranges' : `an address pool ${quote(request.addressPool)}`;
    return say('AddressNotInPool', `No NodePool has the requested address in ${where}. Add a range that holds it.`);
  }
  if (request.addressPool !== undefined) {
    return say('NoSuchPool', `No NodePool has an address pool ${quote(request.addressPool)}. Add one.`);
  }
  return say(
    'NoNodePool',
    `No NodePool has addresses to hand out. Create a ConfigMap labelled ${NODE_POOL_LABEL} with an address pool that has auto-assign.`,
  );
}

/** Addresses asked for in NodePools that do not exist or are not selected. */
function strayRequests(request: LoadBalancerRequest, world: PlanWorld, names: readonly string[]): SiteProblem[] {
  return [...request.requestedByPool.keys()]
    .filter((nodePool) => !names.includes(nodePool))
    .map((nodePool) => {
      const exists = world.sites.has(nodePool);
      const what = exists
        ? `An address is asked for in NodePool ${nodePool}, which ${NODE_POOL_SELECTOR_ANNOTATION} does not select. Select it, or remove the request.`
        : `An address is asked for in NodePool ${nodePool}, which does not exist. Correct the name.`;
      return { nodePool: undefined, reason: exists ? 'NotSelected' : 'NoNodePool', message: what, advisory: exists };
    });
}

function foreignProblem(foreign: readonly LoadBalancerIngress[]): SiteProblem {
  const listed = foreign.slice(0, 5).map(({ ip, hostname }) => ip ?? hostname ?? '?');
  const entries = `${listed.join(', ')}${foreign.length > 5 ? ` and ${foreign.length - 5} more` : ''}`;
  return {
    nodePool: undefined,
    reason: 'ForeignStatus',
    message: `The status holds entries that name no NodePool: ${entries}. They stay until the annotation service.openyurt.io/adopt: "true" hands them over, or their owner removes them.`,
    advisory: true,
  };
}

function sorted(holdings: readonly Holding[]): Holding[] {
  return [...holdings].sort((a, b) =>
    a.nodePool === b.nodePool ? compareIp(a.address, b.address) : a.nodePool < b.nodePool ? -1 : 1,
  );
}
