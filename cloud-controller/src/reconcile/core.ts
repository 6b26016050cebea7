import type { Log } from '@openyurt/nodepool-types';
import { AddressBook } from '../ipam/address-book.ts';
import type { EventRecorder } from '../ports/event-recorder.ts';
import type { Meter } from '../ports/meter.ts';
import type { PlanWriter } from '../ports/plan-writer.ts';
import type { WorldCache } from '../ports/world-cache.ts';
import { Dispatch, type Queue } from './dispatch.ts';
import type { Change } from './enqueue-on-change.ts';
import { formerNodePools } from './former-node-pools.ts';
import { isWrittenByUs, LoadBalancerSet, type LoadBalancerSetMode } from './load-balancer-set.ts';
import { NameContests } from './name-contests.ts';
import { NodeAddresses } from './node-addresses.ts';
import { NodePoolReconciler } from './node-pool-reconciler.ts';
import { ReportReconciler } from './report-reconciler.ts';
import { type Planned, ServiceReconciler } from './service-reconciler.ts';
import { Sites } from './sites.ts';
import { TakeOver } from './take-over.ts';
import { Waiting } from './waiting.ts';
import { warmUp } from './warm-up.ts';

export interface CoreDeps {
  readonly cache: WorldCache;
  readonly writer: PlanWriter;
  readonly events: EventRecorder;
  readonly meter: Meter;
  readonly queue: Queue;
  /** @param part whose log it is */
  readonly log: (part: string) => Log;
  readonly classless: boolean;
  readonly loadBalancerSet: LoadBalancerSetMode;
  readonly releaseCooldownMs: number;
  /** Whether the API serves PoolServices. */
  readonly servesPoolServices: () => boolean;
  /** Monotonic. */
  readonly nowMs: () => number;
  /** Has the Service looked at again after so many milliseconds. */
  readonly later: (service: string, ms: number) => void;
  /** As in Dispatch. */
  readonly sweepIn: (ms: number) => void;
  readonly planned?: Planned | undefined;
}

/** All that decides, wired, without what watches, waits and writes. The same under `yurtlb plan`. */
export class Core {
  readonly book: AddressBook;
  readonly sites = new Sites();
  readonly waiting = new Waiting();
  readonly loadBalancerSet: LoadBalancerSet;
  readonly services: ServiceReconciler;
  readonly #contests: NameContests;
  readonly #nodePools: NodePoolReconciler;
  readonly #nodes: NodeAddresses;
  readonly #reports: ReportReconciler;
  readonly #takeOver: TakeOver;
  readonly #dispatch: Dispatch;

  constructor(private readonly deps: CoreDeps) {
    const { cache, events, log, nowMs } = deps;
    this.book = new AddressBook({ restMs: deps.releaseCooldownMs, nowMs });
    this.loadBalancerSet = new LoadBalancerSet(deps.loadBalancerSet, { isServed: deps.servesPoolServices, nowMs });
    this.#contests = new NameContests(cache, this.sites);
    const parts = { cache, book: this.book, sites: this.sites, events };
    this.#nodePools = new NodePoolReconciler({ ...parts, log: log('config') });
    this.#nodes = new NodeAddresses(cache, this.book, events, log('config'));
    this.#reports = new ReportReconciler({ ...parts, log: log('reports'), nowMs });
    this.services = new ServiceReconciler({
      ...parts,
      reports: this.#reports,
      waiting: this.waiting,
      loadBalancerSet: this.loadBalancerSet,
      contests: this.#contests,
      writer: deps.writer,
      meter: deps.meter,
      log: log('services'),
      classless: deps.classless,
      nowMs,
      later: deps.later,
      planned: deps.planned,
    });
    this.#takeOver = new TakeOver({ ...parts, loadBalancerSet: this.loadBalancerSet, classless: deps.classless });
    this.#dispatch = new Dispatch({
      ...parts,
      takeOver: this.#takeOver,
      waiting: this.waiting,
      services: this.services,
      nodePools: this.#nodePools,
      nodes: this.#nodes,
      reports: this.#reports,
      queue: deps.queue,
      sweepIn: deps.sweepIn,
    });
  }

  /**
   * Takes over what the cluster holds before anything new is given out.
   *
   * @returns the keys of all Services, in the order in which they are to be served
   */
  start(): string[] {
    const { cache, log, classless } = this.deps;
    const { book, sites, loadBalancerSet } = this;
    for (const { metadata } of cache.nodePools()) sites.setNodePool(metadata.name ?? '', metadata.labels ?? {});
    for (const service of cache.services()) loadBalancerSet.notice(service);
    for (const poolService of cache.allPoolServices()) loadBalancerSet.notice(poolService);
    sites.recall(formerNodePools(cache, sites));
    const { isNodePool } = sites;
    const keys = warmUp({ cache, book, isNodePool, loadBalancerSet, log: log('warm-up'), classless });
    const names = new Set([...cache.configuredNodePools(), ...sites.all.keys()]);
    for (const name of names) this.#nodePools.reconcile(name);
    this.#takeOver.of(keys.flatMap((key) => cache.service(key) ?? []));
    this.#nodes.reconcile();
    for (const node of cache.reporting()) this.#reports.reconcile(node);
    book.drainFreed();
    // one that we have written shows that LoadBalancerSet is not there: what is new need not wait for a sign of it
    for (const service of cache.services()) if (isWrittenByUs(service)) loadBalancerSet.ownerOf(service);
    return keys;
  }

  /**
   * Is shown each change of a Service or PoolService.
   *
   * @param showed told when LoadBalancerSet has given its first sign, or its last is gone; all Services are then looked at again
   * @returns what other Services it concerns
   */
  notice(change: Change, showed: () => void = () => {}): string[] {
    if (this.loadBalancerSet.notice(change.object, change.isGone)) {
      showed();
      this.#dispatch.enqueueServices();
    }
    return this.#contests.see(change);
  }

  /** The API began to serve PoolServices, or ceased to: with it begins or ends what LoadBalancerSet can do. */
  servedChanged(): void {
    if (this.loadBalancerSet.hasShown) this.#dispatch.enqueueServices();
  }

  /** @throws whatever the API threw; the key is then to be worked on again */
  work(queueKey: string, signal: AbortSignal): Promise<void> {
    return this.#dispatch.work(queueKey, signal);
  }
}
