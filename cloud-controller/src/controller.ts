import { poolCounts } from './ipam/pool-counts.ts';
import type { CredentialSource } from './kube/access.ts';
import { ApiClient } from './kube/client.ts';
import { ClusterCache } from './kube/cluster-cache.ts';
import { ApiEventRecorder } from './kube/event-recorder.ts';
import { LeaderLease } from './kube/leader-lease.ts';
import { StatusWriter } from './kube/plan-writer.ts';
import { WorkQueue } from './kube/work-queue.ts';
import { HealthServer } from './observe/health-server.ts';
import type { ControllerLog } from './observe/log.ts';
import { Metrics } from './observe/metrics.ts';
import type { Options } from './options.ts';
import { Core } from './reconcile/core.ts';
import { enqueueOnChange } from './reconcile/enqueue-on-change.ts';
import { isContent } from './reconcile/is-content.ts';
import { SWEEP_KEY, serviceQueueKey } from './reconcile/keys.ts';

/** How long a controller that was asked to stop goes on with the writes it has begun. */
const DRAIN_MS = 5_000;
/** How often what is remembered for a time is looked through. */
const SWEEP_MS = 30_000;

/** All parts, wired: watches always, writes while it holds the Lease. */
export class Controller {
  readonly #metrics = new Metrics();
  /** Ends writes and Events; fires after the drain, or at once when the Lease is lost. */
  readonly #writing = new AbortController();
  readonly #watching = new AbortController();
  readonly #cache: ClusterCache;
  readonly #lease: LeaderLease;
  readonly #events: ApiEventRecorder;
  readonly #queue: WorkQueue;
  readonly #core: Core;

  constructor(
    private readonly options: Options,
    credentials: CredentialSource,
    private readonly log: ControllerLog,
  ) {
    const { namespace, leaseIdentity } = options;
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
      (key) => this.#core.work(key, this.#writing.signal),
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
    const { serviceInformer, poolServiceInformer } = this.#cache;
    this.#core = new Core({
      cache: this.#cache,
      writer: new StatusWriter(client, serviceInformer.store, poolServiceInformer.store, () => this.#lease.isHeld),
      events: this.#events,
      meter: {
        allocated: (count) => metrics.allocated.inc(count),
        released: (count) => metrics.released.inc(count),
        moved: (count) => metrics.moved.inc(count),
      },
      queue: this.#queue,
      log: (part) => log.named(part),
      classless: options.classless,
      loadBalancerSet: options.loadBalancerSet,
      releaseCooldownMs: options.releaseCooldownMs,
      servesPoolServices: () => poolServiceInformer.isServed,
      nowMs: () => performance.now(),
      later: (service, ms) => this.#queue.addAfter(serviceQueueKey(service), ms),
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
    const keys = this.#core.start();
    this.#feed();
    for (const key of keys) {
      const service = this.#cache.service(key);
      if (service !== undefined && isContent(service)) this.#queue.addLast(serviceQueueKey(key));
      else this.#queue.add(serviceQueueKey(key));
    }
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
      (change) =>
        this.#core.notice(change, () => {
          // it may have come with its CRD, after which the informer asks only now and then
          if (!cache.poolServiceInformer.isServed) void cache.poolServiceInformer.relist();
        }),
    );
    cache.poolServiceInformer.onServed(() => this.#core.servedChanged());
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
    const { book, services, waiting, sites } = this.#core;
    this.#metrics.observe({
      pools: () => poolCounts(book),
      outcomes: () => services.outcomes.values(),
      queueDepth: () => this.#queue.depth,
      waiting: () => waiting.size,
      leads: () => this.#lease.isHeld,
      configs: () => sites.configs(),
    });
  }
}
