import { AddressBook } from './ipam/address-book.ts';
import { poolCounts } from './ipam/pool-counts.ts';
import { ApiClient } from './kube/client.ts';
import { ClusterCache } from './kube/cluster-cache.ts';
import type { Credentials } from './kube/credentials.ts';
import { ApiEventRecorder } from './kube/event-recorder.ts';
import { LeaderLease } from './kube/leader-lease.ts';
import { StatusWriter } from './kube/plan-writer.ts';
import { WorkQueue } from './kube/work-queue.ts';
import { HealthServer } from './observe/health-server.ts';
import type { ControllerLog } from './observe/log.ts';
import { Metrics } from './observe/metrics.ts';
import type { Options } from './options.ts';
import { Dispatch } from './reconcile/dispatch.ts';
import { enqueueOnChange } from './reconcile/enqueue-on-change.ts';
import { SWEEP_KEY, serviceQueueKey } from './reconcile/keys.ts';
import { LoadBalancerSet } from './reconcile/load-balancer-set.ts';
import { NameContests } from './reconcile/name-contests.ts';
import { NodeAddresses } from './reconcile/node-addresses.ts';
import { NodePoolReconciler } from './reconcile/node-pool-reconciler.ts';
import { ReportReconciler } from './reconcile/report-reconciler.ts';
import { ServiceReconciler } from './reconcile/service-reconciler.ts';
import { Sites } from './reconcile/sites.ts';
import { Waiting } from './reconcile/waiting.ts';
import { warmUp } from './reconcile/warm-up.ts';

/** How long a controller that was asked to stop goes on with the writes it has begun. */
const DRAIN_MS = 5_000;
/** How often what is remembered for a time is looked through. */
const SWEEP_MS = 30_000;

/** All parts, wired: watches always, writes while it holds the Lease. */
export class Controller {
  readonly #book: AddressBook;
  readonly #sites = new Sites();
  readonly #waiting = new Waiting();
  readonly #metrics = new Metrics();
  /** Ends writes and Events; fires after the drain, or at once when the Lease is lost. */
  readonly #writing = new AbortController();
  readonly #watching = new AbortController();
  readonly #cache: ClusterCache;
  readonly #lease: LeaderLease;
  readonly #events: ApiEventRecorder;
  readonly #queue: WorkQueue;
  readonly #loadBalancerSet: LoadBalancerSet;
  readonly #contests: NameContests;
  readonly #services: ServiceReconciler;
  readonly #nodePools: NodePoolReconciler;
  readonly #nodes: NodeAddresses;
  readonly #reports: ReportReconciler;
  readonly #dispatch: Dispatch;

  constructor(
    private readonly options: Options,
    credentials: Credentials,
    private readonly log: ControllerLog,
  ) {
    const { namespace, leaseIdentity, releaseCooldownMs } = options;
    const nowMs = () => performance.now();
    this.#book = new AddressBook({ restMs: releaseCooldownMs, nowMs });
    const metrics = this.#metrics;
    const client = new ApiClient(credentials, (method, code) => metrics.requests.inc({ method, code: String(code) }));
    this.#cache = new ClusterCache(client, namespace, log.named('informer'), Math.random);
    const lease = {
      namespace,
      identity: leaseIdentity,
      durationMs: options.leaseDurationMs,
      renewMs: options.leaseRenewMs,
    };
    this.#lease = new LeaderLease(client, { ...lease, retryMs: options.leaseRetryMs }, log.named('lease'), Math.random);
    this.#events = new ApiEventRecorder(
      client,
      leaseIdentity,
      log.named('events'),
      ({ type, reason }) => metrics.events.inc({ type, reason }),
      this.#writing.signal,
    );
    this.#queue = new WorkQueue(
      (key) => this.#dispatch.work(key, this.#writing.signal),
      { concurrency: options.workers },
      log.named('queue'),
      Math.random,
      {
        added: () => metrics.queueAdds.inc(),
        retried: () => metrics.queueRetries.inc(),
        worked: (seconds, failed) => {
          metrics.reconcile.observe(seconds);
          if (failed) metrics.reconcileErrors.inc();
        },
      },
    );
    this.#loadBalancerSet = new LoadBalancerSet(options.loadBalancerSet, {
      isServed: () => this.#cache.poolServiceInformer.isServed,
      nowMs,
    });
    this.#contests = new NameContests(this.#cache, this.#sites);
    const parts = { cache: this.#cache, book: this.#book, sites: this.#sites, events: this.#events };
    const { serviceInformer, poolServiceInformer } = this.#cache;
    this.#nodePools = new NodePoolReconciler({ ...parts, log: log.named('config') });
    this.#nodes = new NodeAddresses(this.#cache, this.#book, this.#events, log.named('config'));
    this.#reports = new ReportReconciler({ ...parts, log: log.named('reports'), nowMs });
    this.#services = new ServiceReconciler({
      ...parts,
      reports: this.#reports,
      waiting: this.#waiting,
      loadBalancerSet: this.#loadBalancerSet,
      contests: this.#contests,
      writer: new StatusWriter(client, serviceInformer.store, poolServiceInformer.store, () => this.#lease.isHeld),
      meter: {
        allocated: (count) => metrics.allocated.inc(count),
        released: (count) => metrics.released.inc(count),
        moved: (count) => metrics.moved.inc(count),
      },
      log: log.named('services'),
      classless: options.classless,
      nowMs,
      later: (service, ms) => this.#queue.addAfter(serviceQueueKey(service), ms),
    });
    this.#dispatch = new Dispatch({
      ...parts,
      waiting: this.#waiting,
      services: this.#services,
      nodePools: this.#nodePools,
      nodes: this.#nodes,
      reports: this.#reports,
      queue: this.#queue,
      sweepIn: (ms) => this.#sweepIn(ms),
    });
  }

  /**
   * Runs until `stop` fires or the Lease is lost.
   *
   * @returns the exit code: 0 asked to stop, 1 the Lease was lost
   * @throws LbError `LB_PORT_TAKEN`
   */
  async run(stop: AbortSignal): Promise<number> {
    const { healthAddress } = this.options;
    const health = await HealthServer.listen(healthAddress, {
      ready: () => new Map([...this.#cache.informers].map(([name, informer]) => [name, informer.isSynced])),
      metrics: () => this.#metrics.text(),
    });
    this.log.info('health and metrics served', { address: `${healthAddress.host}:${health.port}` });
    this.#watchSources();
    try {
      return await this.#lead(stop);
    } finally {
      this.#watching.abort();
      this.#writing.abort();
      health.close();
    }
  }

  async #lead(stop: AbortSignal): Promise<number> {
    for (const informer of this.#cache.informers.values()) void informer.run(this.#watching.signal);
    if (!(await this.#lease.acquire(stop))) return 0;
    this.log.info('lease acquired', { identity: this.options.leaseIdentity });
    const holding = this.#lease.hold(stop);
    const started = await Promise.race([this.#start().then(() => true), holding.then(() => false)]);
    if (started) this.log.info('leading');
    const kept = await holding;
    if (!kept) {
      this.log.error('lease lost, nothing more is written', { identity: this.options.leaseIdentity });
      return 1;
    }
    this.log.info('stopping');
    await Promise.race([
      this.#queue.drain().then(() => this.#events.flush()),
      new Promise((resolve) => setTimeout(resolve, DRAIN_MS).unref()),
    ]);
    await this.#lease.release();
    return 0;
  }

  /** What another leader wrote last is read from the quorum and taken over before anything new is given out. */
  async #start(): Promise<void> {
    const informers = [...this.#cache.informers.values()];
    await Promise.all(informers.map((informer) => informer.relist()));
    for (const { metadata } of this.#cache.nodePools())
      this.#sites.setNodePool(metadata.name ?? '', metadata.labels ?? {});
    for (const service of this.#cache.services()) this.#loadBalancerSet.notice(service);
    for (const poolService of this.#cache.allPoolServices()) this.#loadBalancerSet.notice(poolService);
    const keys = warmUp({
      cache: this.#cache,
      book: this.#book,
      isNodePool: this.#sites.isNodePool,
      loadBalancerSet: this.#loadBalancerSet,
      log: this.log.named('warm-up'),
      classless: this.options.classless,
    });
    const names = new Set([...this.#cache.configuredNodePools(), ...this.#sites.all.keys()]);
    for (const name of names) this.#nodePools.reconcile(name);
    this.#nodes.reconcile();
    for (const node of this.#cache.reporting()) this.#reports.reconcile(node);
    this.#book.drainFreed();
    this.#feed();
    for (const key of keys) this.#queue.add(serviceQueueKey(key));
    this.#queue.start();
  }

  /** From now on: what a replica that stands by hears is in its caches, and that is all it needs. */
  #feed(): void {
    const cache = this.#cache;
    enqueueOnChange(
      {
        services: cache.serviceInformer,
        poolServices: cache.poolServiceInformer,
        nodePools: cache.nodePoolInformer,
        configMaps: cache.configMapInformer,
        nodes: cache.nodeInformer,
        reports: cache.reportInformer,
      },
      this.#queue,
      (change) => {
        if (this.#loadBalancerSet.notice(change.object, change.isGone)) {
          // it may have come with its CRD, after which the informer asks only now and then
          if (!cache.poolServiceInformer.isServed) void cache.poolServiceInformer.relist();
          this.#dispatch.enqueueServices();
        }
        return this.#contests.see(change);
      },
    );
    const sweep = setInterval(() => this.#queue.add(SWEEP_KEY), SWEEP_MS).unref();
    this.#watching.signal.addEventListener('abort', () => clearInterval(sweep));
  }

  #sweepTimer: NodeJS.Timeout | undefined;
  /** Beside what is swept now and then: what rests ends in order, so a timer that stands ends first. */
  #sweepIn(ms: number): void {
    this.#sweepTimer ??= setTimeout(() => {
      this.#sweepTimer = undefined;
      this.#queue.add(SWEEP_KEY);
    }, ms).unref();
  }

  #watchSources(): void {
    this.#metrics.observe({
      pools: () => poolCounts(this.#book),
      outcomes: () => this.#services.outcomes.values(),
      queueDepth: () => this.#queue.depth,
      waiting: () => this.#waiting.size,
      leads: () => this.#lease.isHeld,
      configs: () => this.#sites.configs(),
    });
  }
}
