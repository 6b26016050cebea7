import { type KubeObject, NODE_POOL_LABEL, type NodeObject } from '@openyurt/nodepool-types';
import { AddressBook } from './ipam/address-book.ts';
import { poolCounts } from './ipam/pool-counts.ts';
import { ApiClient } from './kube/client.ts';
import { ClusterCache, nodePoolOfConfigMap } from './kube/cluster-cache.ts';
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
import { NODES_KEY, poolQueueKey, serviceQueueKey } from './reconcile/keys.ts';
import { LoadBalancerSet, serviceOfPoolService } from './reconcile/load-balancer-set.ts';
import { NodeAddresses } from './reconcile/node-addresses.ts';
import { NodePoolReconciler } from './reconcile/node-pool-reconciler.ts';
import { ServiceReconciler } from './reconcile/service-reconciler.ts';
import { Sites } from './reconcile/sites.ts';
import { Waiting } from './reconcile/waiting.ts';
import { warmUp } from './reconcile/warm-up.ts';

/** How long a controller that was asked to stop goes on with the writes it has begun. */
const DRAIN_MS = 5_000;

/** All parts, wired: watches always, writes while it holds the Lease. */
export class Controller {
  readonly #book = new AddressBook();
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
  readonly #services: ServiceReconciler;
  readonly #nodePools: NodePoolReconciler;
  readonly #nodes: NodeAddresses;
  readonly #dispatch: Dispatch;

  constructor(
    private readonly options: Options,
    credentials: Credentials,
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
    this.#loadBalancerSet = new LoadBalancerSet(options.loadBalancerSet);
    const parts = { cache: this.#cache, book: this.#book, sites: this.#sites, events: this.#events };
    const { serviceInformer, poolServiceInformer } = this.#cache;
    this.#nodePools = new NodePoolReconciler({ ...parts, log: log.named('config') });
    this.#nodes = new NodeAddresses(this.#cache, this.#book, this.#events, log.named('config'));
    this.#services = new ServiceReconciler({
      ...parts,
      waiting: this.#waiting,
      loadBalancerSet: this.#loadBalancerSet,
      writer: new StatusWriter(client, serviceInformer.store, poolServiceInformer.store, () => this.#lease.isHeld),
      meter: {
        allocated: (count) => metrics.allocated.inc(count),
        released: (count) => metrics.released.inc(count),
      },
      log: log.named('services'),
      classless: options.classless,
    });
    this.#dispatch = new Dispatch({
      ...parts,
      waiting: this.#waiting,
      services: this.#services,
      nodePools: this.#nodePools,
      nodes: this.#nodes,
      queue: this.#queue,
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
    this.#book.drainFreed();
    this.#enqueueOnChange();
    for (const key of keys) this.#queue.add(serviceQueueKey(key));
    this.#queue.start();
  }

  /** From now on: what a replica that stands by hears is in its caches, and that is all it needs. */
  #enqueueOnChange(): void {
    const { serviceInformer, nodePoolInformer, configMapInformer, nodeInformer, poolServiceInformer } = this.#cache;
    const queue = this.#queue;
    const notice = (object: KubeObject) => {
      if (this.#loadBalancerSet.notice(object)) this.#dispatch.enqueueServices();
    };
    serviceInformer.on({
      changed: (key, service) => {
        notice(service);
        queue.add(serviceQueueKey(key));
      },
      removed: (key) => queue.add(serviceQueueKey(key)),
    });
    poolServiceInformer.on({
      changed: (_, poolService, before) => {
        notice(poolService);
        for (const one of [poolService, before]) this.#addServiceOf(one);
      },
      removed: (_, poolService) => this.#addServiceOf(poolService),
    });
    nodePoolInformer.on({
      changed: (name, nodePool, before) => {
        if (before === undefined || says(nodePool) !== says(before)) queue.add(poolQueueKey(name));
      },
      removed: (name) => queue.add(poolQueueKey(name)),
    });
    configMapInformer.on({
      changed: (_, configMap, before) => {
        for (const one of [configMap, before]) {
          const nodePool = one && nodePoolOfConfigMap(one);
          if (nodePool !== undefined) queue.add(poolQueueKey(nodePool));
        }
      },
      removed: (_, { metadata }) => queue.add(poolQueueKey(metadata.labels?.[NODE_POOL_LABEL] ?? '')),
    });
    nodeInformer.on({
      changed: (_, node, before) => {
        if (before === undefined || internalIps(node) !== internalIps(before)) queue.add(NODES_KEY);
      },
      removed: () => queue.add(NODES_KEY),
    });
  }

  #addServiceOf(poolService: KubeObject | undefined): void {
    const service = poolService && serviceOfPoolService(poolService);
    if (service !== undefined) this.#queue.add(serviceQueueKey(service));
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

/** What of a NodePool object matters here: its status changes with every node's heartbeat. */
function says({ metadata }: KubeObject): string {
  return JSON.stringify([metadata.uid, metadata.labels, metadata.deletionTimestamp]);
}

function internalIps({ status }: NodeObject): string {
  return JSON.stringify((status?.addresses ?? []).filter(({ type }) => type === 'InternalIP'));
}
