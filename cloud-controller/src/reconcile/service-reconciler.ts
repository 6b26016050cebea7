import {
  ADDRESSES_ALLOCATED_CONDITION,
  decodeService,
  formatIpAddress,
  type IpAddress,
  type KubeObject,
  type LoadBalancerRequest,
  type Log,
  nodePoolOfPoolService,
  type PoolServiceObject,
  type ServiceObject,
  serviceOwnership,
} from '@openyurt/nodepool-types';
import { type AddressBook, FOREIGN } from '../ipam/address-book.ts';
import { listedProblems, wantedCondition } from '../plan/condition.ts';
import { conflictCondition } from '../plan/conflict-condition.ts';
import { diffStatus, type StatusChange } from '../plan/diff.ts';
import { planService, type ServicePlan } from '../plan/plan-service.ts';
import { ingressEntry, noteForeign, readEvicted } from '../plan/recorded.ts';
import type { EventRecorder } from '../ports/event-recorder.ts';
import type { Meter } from '../ports/meter.ts';
import { isRefusal, type PlanWriter } from '../ports/plan-writer.ts';
import type { WorldCache } from '../ports/world-cache.ts';
import { ConflictWatch } from './conflict-watch.ts';
import { ASK_AGAIN_MS, type LoadBalancerSet } from './load-balancer-set.ts';
import type { NameContests } from './name-contests.ts';
import { PoolServiceWatch } from './pool-service-watch.ts';
import { isOpen, withPoolServices } from './pool-services.ts';
import type { ReportReconciler } from './report-reconciler.ts';
import type { Sites } from './sites.ts';
import { StatusBrake } from './status-brake.ts';
import type { Waiting } from './waiting.ts';

/** Is told what was decided about a Service, each time. */
export type Planned = (request: LoadBalancerRequest, plan: ServicePlan) => void;

export interface ServiceDeps {
  readonly cache: WorldCache;
  readonly book: AddressBook;
  readonly sites: Sites;
  readonly waiting: Waiting;
  readonly reports: ReportReconciler;
  readonly loadBalancerSet: LoadBalancerSet;
  readonly contests: NameContests;
  readonly writer: PlanWriter;
  readonly events: EventRecorder;
  readonly meter: Meter;
  readonly log: Log;
  readonly classless: boolean;
  /** Monotonic. */
  readonly nowMs: () => number;
  /** Has the Service looked at again after so many milliseconds. */
  readonly later: (service: string, ms: number) => void;
  readonly planned?: Planned | undefined;
}

/** Keeps one Service's addresses and its status as its spec asks. Level-based: running it twice changes nothing. */
export class ServiceReconciler {
  readonly #evicted = new Map<string, { readonly uid: string; readonly lost: ServicePlan['evicted'] }>();
  /** Outcome of each Service of ours: `Allocated`, or the reason of its first problem. */
  readonly outcomes = new Map<string, string>();

  readonly #conflicts: ConflictWatch;
  readonly #brake: StatusBrake;
  readonly #poolServiceWatch: PoolServiceWatch;

  constructor(private readonly deps: ServiceDeps) {
    this.#conflicts = new ConflictWatch(deps);
    this.#brake = new StatusBrake(deps);
    this.#poolServiceWatch = new PoolServiceWatch(deps);
  }

  /** @throws whatever the API threw; the queue then retries this key with back-off. The book keeps what it gave. */
  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    const { cache, classless } = this.deps;
    const service = cache.service(key);
    if (service === undefined) return this.#gone(key, signal);
    const request = decodeService(service);
    if (serviceOwnership(service, { classless }) !== 'ours') return this.#notOurs(request);
    if (service.metadata.deletionTimestamp !== undefined) return this.deps.waiting.delete(key); // what it holds stays until it is gone
    const owner = this.deps.loadBalancerSet.ownerOf(service);
    if (owner === 'undecided') return this.deps.later(key, ASK_AGAIN_MS);
    const poolServices = owner === 'ours' ? undefined : cache.poolServices(key);
    const plan = this.#plan(service, request, poolServices);
    if (this.#poolServiceWatch.lacks(service, request, poolServices)) this.outcomes.set(key, 'NoPoolService');
    if (poolServices === undefined) await this.#writeService(service, request, plan, signal);
    else await this.#writePoolServices(service, poolServices, request, plan, signal);
  }

  /** Decides and books; nothing waits in here, so no other Service can come in between. */
  #plan(
    service: ServiceObject,
    request: LoadBalancerRequest,
    poolServices: readonly PoolServiceObject[] | undefined,
  ): ServicePlan {
    const { book, sites, waiting, contests } = this.deps;
    const chosen = poolServices
      ?.filter((one) => isOpen(one) && contests.claims(one) === undefined)
      .map(nodePoolOfPoolService)
      .filter((name) => name !== undefined);
    const recorded = poolServices === undefined ? request : withPoolServices(request, poolServices, sites.isNodePool);
    const { refusals } = this.deps.reports;
    const isRefused = ({ uid }: LoadBalancerRequest, nodePool: string, address: IpAddress): boolean =>
      refusals.verdict({ uid }, { nodePool, address: formatIpAddress(address) }) === 'moves';
    const world = { book, sites: sites.all, isNodePool: sites.isNodePool, chosen, isRefused };
    const isFirst = !this.outcomes.has(request.key);
    const written = (poolServices ?? [service]).flatMap(({ status }) => status?.conditions ?? []);
    if (isFirst) this.#conflicts.recall(recorded, written);
    const { key, uid } = request;
    const before = this.#evicted.get(key);
    const evicted = isFirst ? readEvicted(request, written) : before?.uid === uid ? before.lost : undefined;
    const plan = planService(recorded, world, evicted, isFirst);
    this.#conflicts.moved(request, plan.moves);
    if (plan.evicted.size > 0) this.#evicted.set(key, { uid, lost: plan.evicted });
    else this.#evicted.delete(key);
    waiting.set(request, plan.waits);
    this.outcomes.set(request.key, wantedCondition(plan, undefined).reason);
    this.deps.planned?.(request, plan);
    return plan;
  }

  async #writeService(service: ServiceObject, request: LoadBalancerRequest, plan: ServicePlan, signal: AbortSignal) {
    const conflicts = this.#conflicts.conflicts(request, plan.holdings);
    const { generation } = request;
    const conditions = [wantedCondition(plan, generation), ...conflictCondition(conflicts, generation)];
    const before = {
      ingress: service.status?.loadBalancer?.ingress ?? [],
      conditions: service.status?.conditions ?? [],
    };
    const change = diffStatus(before, plan.ingress, conditions);
    const wanted = { ingress: plan.ingress, conditions };
    const ours = { ingress: plan.ingress.slice(0, plan.holdings.length), conditions };
    if ((change.ingress || change.conditions) && this.#brake.mayWrite(service, request.key, ours)) {
      await this.deps.writer.writeService(service, wanted, signal);
      this.#brake.wrote(service, service, ours);
      this.#say(service, service, plan, change);
      this.#conflicts.say(service, request.key, conflicts, before.conditions);
    }
    this.#conflicts.tellMoves(service, request.key);
  }

  /** One that the API refuses does not keep the others from being written. @throws what the first one threw, when all had their turn */
  async #writePoolServices(
    service: ServiceObject,
    poolServices: readonly PoolServiceObject[],
    request: LoadBalancerRequest,
    plan: ServicePlan,
    signal: AbortSignal,
  ): Promise<void> {
    const failures: unknown[] = [];
    for (const poolService of poolServices) {
      try {
        await this.#writePoolService(service, poolService, request, plan, signal);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  /** It gets the entries and the problems of its NodePool. `ipMode` in every entry, or aggregation stops. */
  async #writePoolService(
    service: ServiceObject,
    poolService: PoolServiceObject,
    request: LoadBalancerRequest,
    plan: ServicePlan,
    signal: AbortSignal,
  ): Promise<void> {
    const contest = this.#poolServiceWatch.contestOf(poolService, service);
    const nodePool = nodePoolOfPoolService(poolService) ?? '';
    // one of a NodePool that is not there yet, or no more, stays as it is: LoadBalancerSet takes it away
    if (!isOpen(poolService) || !this.deps.sites.all.has(nodePool)) return;
    const own = contest === undefined ? partOf(plan, nodePool) : { ...plan, holdings: [], problems: [contest] };
    const ingress = own.holdings.map((held) => ingressEntry(held.nodePool, held.address));
    const conflicts = this.#conflicts.conflicts(request, own.holdings);
    const { generation } = poolService.metadata;
    const conditions = [wantedCondition(own, generation), ...conflictCondition(conflicts, generation)];
    const before = {
      ingress: poolService.status?.loadBalancer?.ingress ?? [],
      conditions: poolService.status?.conditions ?? [],
    };
    const change = diffStatus(before, ingress, conditions);
    const wanted = { ingress, conditions };
    if ((change.ingress || change.conditions) && this.#brake.mayWrite(poolService, request.key, wanted)) {
      await this.deps.writer.writePoolService(poolService, wanted, signal);
      this.#brake.wrote(poolService, service, wanted);
      if (contest === undefined) this.#say(service, poolService, own, change);
      else this.deps.meter.released(change.taken.length); // whose it was, and why it went, each was told
      this.#conflicts.say(service, request.key, conflicts, before.conditions);
    }
    this.#conflicts.tellMoves(service, request.key, nodePool);
  }

  /** Events say what changed, once: what the condition already said is not said again, not even after a restart. */
  #say(about: KubeObject, written: ServiceObject | PoolServiceObject, plan: ServicePlan, change: StatusChange): void {
    const { events, meter, log } = this.deps;
    const service = `${about.metadata.namespace}/${about.metadata.name}`;
    const { given, taken } = change;
    meter.allocated(given.length);
    meter.released(taken.length);
    if (given.length > 0) {
      log.info('addresses allocated', { service, addresses: given });
      events.record(about, { type: 'Normal', reason: 'IPAllocated', note: `Assigned ${given.join(', ')}.` });
    }
    if (taken.length > 0) {
      log.info('addresses released', { service, addresses: taken });
      events.record(about, { type: 'Normal', reason: 'ClearAssignment', note: `Took away ${taken.join(', ')}.` });
    }
    const old = written.status?.conditions?.find(({ type }) => type === ADDRESSES_ALLOCATED_CONDITION)?.message ?? '';
    for (const { reason, message } of listedProblems(plan)) {
      if (old.includes(message)) continue;
      log.warn('not served as asked', { service, reason, message });
      events.record(about, { type: 'Warning', reason, note: message });
    }
  }

  async #gone(key: string, signal: AbortSignal): Promise<void> {
    const outcome = this.outcomes.get(key);
    this.#forget(key);
    this.deps.book.releaseAll(key);
    if (outcome === undefined) return;
    this.outcomes.set(key, outcome); // until it is done: a retry must know that there is something to clear
    await this.deps.writer.clearFormer(key, signal);
    this.outcomes.delete(key);
  }

  /** A Service of another class is never written; but the addresses it was given by others block their ports. */
  #notOurs(request: LoadBalancerRequest): void {
    const { book } = this.deps;
    this.#forget(request.key);
    book.update(request);
    for (const { nodePool, address } of [...book.holdings(request.key)]) {
      if (nodePool !== FOREIGN) book.release(request.key, nodePool, address);
    }
    noteForeign(request, request.ingress, book);
  }

  #forget(key: string): void {
    this.outcomes.delete(key);
    this.deps.waiting.delete(key);
    this.#evicted.delete(key);
    this.#conflicts.forget(key);
    this.#poolServiceWatch.forget(key);
  }
}

/** What of a plan concerns one NodePool. */
function partOf(plan: ServicePlan, nodePool: string): ServicePlan {
  const holdings = plan.holdings.filter((held) => held.nodePool === nodePool);
  const problems = plan.problems.filter((problem) => problem.nodePool === undefined || problem.nodePool === nodePool);
  return { ...plan, holdings, problems };
}
