import {
  ADDRESSES_ALLOCATED_CONDITION,
  decodeService,
  type IpAddress,
  type KubeObject,
  type LoadBalancerRequest,
  type Log,
  type PoolServiceObject,
  type ServiceObject,
  serviceOwnership,
} from '@openyurt/nodepool-types';
import { type AddressBook, FOREIGN } from '../ipam/address-book.ts';
import { listedProblems, wantedCondition } from '../plan/condition.ts';
import { diffStatus, type StatusChange } from '../plan/diff.ts';
import { planService, type ServicePlan } from '../plan/plan-service.ts';
import { ingressEntry, noteForeign, readEvicted } from '../plan/recorded.ts';
import type { EventRecorder } from '../ports/event-recorder.ts';
import type { Meter } from '../ports/meter.ts';
import type { PlanWriter } from '../ports/plan-writer.ts';
import type { WorldCache } from '../ports/world-cache.ts';
import { type LoadBalancerSet, nodePoolOfPoolService, withPoolServices } from './load-balancer-set.ts';
import type { Sites } from './sites.ts';
import type { Waiting } from './waiting.ts';

export interface ServiceDeps {
  readonly cache: WorldCache;
  readonly book: AddressBook;
  readonly sites: Sites;
  readonly waiting: Waiting;
  readonly loadBalancerSet: LoadBalancerSet;
  readonly writer: PlanWriter;
  readonly events: EventRecorder;
  readonly meter: Meter;
  readonly log: Log;
  readonly classless: boolean;
}

/** Keeps one Service's addresses and its status as its spec asks. Level-based: running it twice changes nothing. */
export class ServiceReconciler {
  readonly #evicted = new Map<string, ReadonlyMap<string, readonly IpAddress[]>>();
  /** Outcome of each Service of ours: `Allocated`, or the reason of its first problem. */
  readonly outcomes = new Map<string, string>();

  constructor(private readonly deps: ServiceDeps) {}

  /** @throws whatever the API threw; the queue then retries this key with back-off. The book keeps what it gave. */
  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    const { cache, classless } = this.deps;
    const service = cache.service(key);
    if (service === undefined) return this.#gone(key, signal);
    const request = decodeService(service);
    if (serviceOwnership(service, { classless }) !== 'ours') return this.#notOurs(request);
    if (service.metadata.deletionTimestamp !== undefined) return; // what it holds stays until it is gone
    const poolServices = this.deps.loadBalancerSet.owns(service, request) ? cache.poolServices(key) : undefined;
    const plan = this.#plan(service, request, poolServices);
    if (poolServices === undefined) await this.#writeService(service, request, plan, signal);
    else await this.#writePoolServices(poolServices, request, plan, signal);
  }

  /** Decides and books; nothing waits in here, so no other Service can come in between. */
  #plan(
    service: ServiceObject,
    request: LoadBalancerRequest,
    poolServices: readonly PoolServiceObject[] | undefined,
  ): ServicePlan {
    const { book, sites, waiting } = this.deps;
    const chosen = poolServices
      ?.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(nodePoolOfPoolService)
      .filter((name) => name !== undefined);
    const recorded = poolServices === undefined ? request : withPoolServices(request, poolServices);
    const world = { book, sites: sites.all, isNodePool: sites.isNodePool, chosen };
    const isFirst = !this.outcomes.has(request.key);
    const plan = planService(recorded, world, this.#evictedBefore(request, poolServices ?? [service]), isFirst);
    if (plan.evicted.size > 0) this.#evicted.set(request.key, plan.evicted);
    else this.#evicted.delete(request.key);
    waiting.set(request, plan.waits);
    this.outcomes.set(request.key, wantedCondition(plan, undefined).reason);
    return plan;
  }

  /** In memory; or, when this process looks at the Service for the first time, as its conditions record it. */
  #evictedBefore(request: LoadBalancerRequest, holders: readonly (ServiceObject | PoolServiceObject)[]) {
    if (this.outcomes.has(request.key)) return this.#evicted.get(request.key);
    return readEvicted(
      request,
      holders.flatMap(({ status }) => status?.conditions ?? []),
    );
  }

  async #writeService(service: ServiceObject, request: LoadBalancerRequest, plan: ServicePlan, signal: AbortSignal) {
    const condition = wantedCondition(plan, request.generation);
    const before = {
      ingress: service.status?.loadBalancer?.ingress ?? [],
      conditions: service.status?.conditions ?? [],
    };
    const change = diffStatus(before, plan.ingress, condition, ADDRESSES_ALLOCATED_CONDITION);
    if (!change.ingress && !change.condition) return;
    await this.deps.writer.writeService(service, { ingress: plan.ingress, condition }, signal);
    this.#say(service, service, plan, change);
  }

  /** Each PoolService gets the entries and the problems of its NodePool. `ipMode` in every entry, or aggregation stops. */
  async #writePoolServices(
    poolServices: readonly PoolServiceObject[],
    request: LoadBalancerRequest,
    plan: ServicePlan,
    signal: AbortSignal,
  ): Promise<void> {
    for (const poolService of poolServices) {
      if (poolService.metadata.deletionTimestamp !== undefined) continue;
      if (poolService.spec?.loadBalancerClass !== undefined && !this.#isOurClass(poolService)) continue;
      const nodePool = nodePoolOfPoolService(poolService);
      const holdings = plan.holdings.filter((held) => held.nodePool === nodePool);
      const problems = plan.problems.filter(
        (problem) => problem.nodePool === undefined || problem.nodePool === nodePool,
      );
      const own = { ...plan, holdings, problems };
      const ingress = holdings.map((held) => ingressEntry(held.nodePool, held.address));
      const condition = wantedCondition(own, poolService.metadata.generation);
      const before = {
        ingress: poolService.status?.loadBalancer?.ingress ?? [],
        conditions: poolService.status?.conditions ?? [],
      };
      const change = diffStatus(before, ingress, condition, ADDRESSES_ALLOCATED_CONDITION);
      if (!change.ingress && !change.condition) continue;
      await this.deps.writer.writePoolService(poolService, { ingress, condition }, signal);
      this.#say(this.deps.cache.service(request.key) ?? poolService, poolService, own, change);
    }
  }

  #isOurClass(poolService: PoolServiceObject): boolean {
    const spec = { type: 'LoadBalancer', loadBalancerClass: poolService.spec?.loadBalancerClass ?? '' };
    return serviceOwnership({ metadata: {}, spec }, { classless: false }) === 'ours';
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
  }
}
