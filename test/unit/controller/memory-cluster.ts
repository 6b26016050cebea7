import {
  ADDRESSES_ALLOCATED_CONDITION,
  type ConfigMapObject,
  type KubeObject,
  type Log,
  managedServiceOf,
  NODE_POOL_LABEL,
  type NodeObject,
  type NodePoolObject,
  type PoolServiceObject,
  type ServiceObject,
  serviceOfPoolService,
  silentLog,
} from '@openyurt/nodepool-types';
import { AddressBook } from '../../../cloud-controller/src/ipam/address-book.ts';
import type { EventRecorder, EventText } from '../../../cloud-controller/src/ports/event-recorder.ts';
import type { PlanWriter, WantedStatus } from '../../../cloud-controller/src/ports/plan-writer.ts';
import type { WorldCache } from '../../../cloud-controller/src/ports/world-cache.ts';
import { Dispatch, type Queue } from '../../../cloud-controller/src/reconcile/dispatch.ts';
import { formerNodePools } from '../../../cloud-controller/src/reconcile/former-node-pools.ts';
import {
  NODES_KEY,
  poolQueueKey,
  reportQueueKey,
  SWEEP_KEY,
  serviceQueueKey,
} from '../../../cloud-controller/src/reconcile/keys.ts';
import {
  LoadBalancerSet,
  type LoadBalancerSetMode,
} from '../../../cloud-controller/src/reconcile/load-balancer-set.ts';
import { NameContests } from '../../../cloud-controller/src/reconcile/name-contests.ts';
import { NodeAddresses } from '../../../cloud-controller/src/reconcile/node-addresses.ts';
import { NodePoolReconciler } from '../../../cloud-controller/src/reconcile/node-pool-reconciler.ts';
import { ReportReconciler } from '../../../cloud-controller/src/reconcile/report-reconciler.ts';
import { ServiceReconciler } from '../../../cloud-controller/src/reconcile/service-reconciler.ts';
import { Sites } from '../../../cloud-controller/src/reconcile/sites.ts';
import { TakeOver } from '../../../cloud-controller/src/reconcile/take-over.ts';
import { Waiting } from '../../../cloud-controller/src/reconcile/waiting.ts';
import { warmUp } from '../../../cloud-controller/src/reconcile/warm-up.ts';

/** What a write meets: it works, it is refused, or it works and the answer is lost. */
export type WriteFate = 'ok' | 'refused' | 'lost';

/** Objects in memory, the ports over them, and a controller that can be started anew at any time. */
export class MemoryCluster implements WorldCache, PlanWriter, EventRecorder, Queue {
  readonly serviceMap = new Map<string, ServiceObject>();
  readonly nodePoolMap = new Map<string, NodePoolObject>();
  readonly configMapMap = new Map<string, ConfigMapObject>();
  readonly nodeMap = new Map<string, NodeObject>();
  readonly reportMap = new Map<string, ConfigMapObject>();
  nowMs = 0;
  readonly poolServiceMap = new Map<string, PoolServiceObject>();
  /** Messages of info and above, in order. */
  readonly said: string[] = [];
  readonly log: Log = {
    ...silentLog,
    info: (msg) => void this.said.push(msg),
    warn: (msg) => void this.said.push(msg),
  };
  readonly events: { about: string; event: EventText }[] = [];
  /** Keys of the objects written, in order. */
  readonly writes: string[] = [];
  /** Keys of former LoadBalancers whose condition was taken off. */
  readonly cleared: string[] = [];
  /** Addresses exchanged so far. */
  moved = 0;
  /** Keys worked on so far, each as often as it was. */
  worked = 0;
  /** Of the write to an object. */
  fate: (key: string) => WriteFate = () => 'ok';
  /** `--classless`, from the next start on. */
  classless = false;
  mode: LoadBalancerSetMode = 'auto';
  /** `--release-cooldown`, from the next start on. */
  restMs = 0;
  /** When the controller has asked to be swept. */
  sweepDueMs: number | undefined;
  #queue: string[] = [];
  #version = 1;
  book = new AddressBook();
  waiting = new Waiting();
  sites = new Sites();
  services_!: ServiceReconciler;
  #dispatch!: Dispatch;
  #loadBalancerSet!: LoadBalancerSet;
  #contests!: NameContests;
  /** Services to be looked at again, and when. */
  #later: { key: string; dueMs: number }[] = [];
  /** Whether the PoolService CRD is there. */
  isServed = false;

  constructor() {
    this.restart();
  }

  /** A new process: all memory is gone, the objects are as they were. */
  restart(): void {
    this.book = new AddressBook({ restMs: this.restMs, nowMs: () => this.nowMs });
    this.waiting = new Waiting();
    this.sites = new Sites();
    this.#queue = [];
    this.#later = [];
    this.sweepDueMs = undefined;
    this.#loadBalancerSet = new LoadBalancerSet(this.mode, { isServed: () => this.isServed, nowMs: () => this.nowMs });
    this.#contests = new NameContests(this, this.sites);
    const parts = { cache: this, book: this.book, sites: this.sites, events: this, log: this.log };
    const nodePools = new NodePoolReconciler(parts);
    const reports = new ReportReconciler({ ...parts, nowMs: () => this.nowMs });
    const nodes = new NodeAddresses(this, this.book, this, silentLog);
    this.services_ = new ServiceReconciler({
      ...parts,
      waiting: this.waiting,
      reports,
      loadBalancerSet: this.#loadBalancerSet,
      contests: this.#contests,
      writer: this,
      meter: { allocated() {}, released() {}, moved: (count) => this.#countMoved(count) },
      classless: this.classless,
      nowMs: () => this.nowMs,
      later: (key, ms) => void this.#later.push({ key: serviceQueueKey(key), dueMs: this.nowMs + ms }),
    });
    const takeOver = new TakeOver({ ...parts, loadBalancerSet: this.#loadBalancerSet, classless: this.classless });
    this.#dispatch = new Dispatch({
      ...parts,
      takeOver,
      waiting: this.waiting,
      services: this.services_,
      nodePools,
      nodes,
      reports,
      queue: this,
      sweepIn: (ms) => {
        this.sweepDueMs ??= this.nowMs + ms;
      },
    });
    for (const object of [...this.serviceMap.values(), ...this.poolServiceMap.values()])
      this.#loadBalancerSet.notice(object);
    for (const { metadata } of this.nodePoolMap.values())
      this.sites.setNodePool(metadata.name ?? '', metadata.labels ?? {});
    this.sites.recall(formerNodePools(this, this.sites));
    const keys = warmUp({
      cache: this,
      book: this.book,
      isNodePool: this.sites.isNodePool,
      loadBalancerSet: this.#loadBalancerSet,
      log: silentLog,
      classless: this.classless,
    });
    for (const name of new Set([...this.configuredNodePools(), ...this.nodePoolMap.keys()])) nodePools.reconcile(name);
    takeOver.of(keys.flatMap((key) => this.service(key) ?? []));
    nodes.reconcile();
    for (const node of this.reporting()) reports.reconcile(node);
    this.book.drainFreed();
    for (const key of keys) this.add(serviceQueueKey(key));
  }

  /** Works until nothing is left to do. @throws Error when it goes on for ever */
  async settle(): Promise<void> {
    const { signal } = new AbortController();
    for (let steps = 0; ; steps++) {
      const key = this.#queue.shift();
      if (key === undefined) return;
      if (steps > 10_000) throw new Error(`never settles; still ${key}`);
      this.worked++;
      await this.#dispatch.work(key, signal).catch((error: Error) => {
        if (error.message !== 'write failed') throw error;
        this.add(key);
      });
    }
  }

  putService(service: ServiceObject): void {
    const key = `${service.metadata.namespace}/${service.metadata.name}`;
    const before = this.serviceMap.get(key);
    const status = before?.status ?? service.status ?? {};
    this.serviceMap.set(key, {
      ...service,
      status,
      metadata: { ...service.metadata, resourceVersion: `${++this.#version}` },
    });
    if (this.#loadBalancerSet.notice(service)) this.#dispatch.enqueueServices();
    for (const rival of this.#contests.see({ object: service })) this.add(serviceQueueKey(rival));
    this.add(serviceQueueKey(key));
  }

  deleteService(key: string): void {
    const service = this.serviceMap.get(key);
    this.serviceMap.delete(key);
    if (service !== undefined) {
      if (this.#loadBalancerSet.notice(service, true)) this.#dispatch.enqueueServices();
      for (const rival of this.#contests.see({ object: service, isGone: true })) this.add(serviceQueueKey(rival));
    }
    this.add(serviceQueueKey(key));
  }

  putNodePool(name: string, labels: Record<string, string> = {}): void {
    this.nodePoolMap.set(name, { kind: 'NodePool', metadata: { name, uid: `np-${name}`, labels } });
    this.add(poolQueueKey(name));
  }

  deleteNodePool(name: string): void {
    this.nodePoolMap.delete(name);
    this.add(poolQueueKey(name));
  }

  putConfig(
    nodePool: string,
    text: string,
    more: { name?: string; annotations?: Record<string, string>; created?: string; site?: string | undefined } = {},
  ): void {
    const { name = nodePool, annotations = {}, created = '2026-01-01T00:00:00Z', site } = more;
    const labels = { [NODE_POOL_LABEL]: nodePool };
    const metadata = {
      name,
      namespace: 'yurtlb-system',
      uid: `cm-${name}`,
      labels,
      annotations,
      creationTimestamp: created,
    };
    this.configMapMap.set(name, {
      kind: 'ConfigMap',
      metadata,
      data: site === undefined ? { config: text } : { config: text, site },
    });
    this.add(poolQueueKey(nodePool));
  }

  putRanges(nodePool: string, ranges: readonly string[], annotations: Record<string, string> = {}): void {
    this.putConfig(nodePool, `address-pools: [{name: default, protocol: layer2, addresses: [${ranges.join(', ')}]}]`, {
      annotations,
    });
  }

  /** @param name of the ConfigMap */
  deleteConfig(nodePool: string, name = nodePool): void {
    this.configMapMap.delete(name);
    this.add(poolQueueKey(nodePool));
  }

  putNode(name: string, address: string, nodePool?: string, type = 'InternalIP'): void {
    const labels = nodePool === undefined ? {} : { [NODE_POOL_LABEL]: nodePool };
    this.nodeMap.set(name, { metadata: { name, labels }, status: { addresses: [{ type, address }] } });
    this.add(NODES_KEY);
    this.add(reportQueueKey(name));
  }

  deleteNode(name: string): void {
    this.nodeMap.delete(name);
    this.add(NODES_KEY);
    this.add(reportQueueKey(name));
  }

  /** As the speaker of the node would write it. @param text undefined: the ConfigMap is gone */
  putReport(node: string, nodePool: string, text: string | undefined): void {
    const metadata = { name: node, namespace: 'yurtlb-reports', labels: { [NODE_POOL_LABEL]: nodePool } };
    if (text === undefined) this.reportMap.delete(node);
    else this.reportMap.set(node, { kind: 'ConfigMap', metadata, data: { report: text } });
    this.add(reportQueueKey(node));
  }

  /** Time passes. */
  pass(ms: number): void {
    this.nowMs += ms;
    this.sweepDueMs = undefined;
    for (const { key } of this.#later.filter(({ dueMs }) => dueMs <= this.nowMs)) this.add(key);
    this.#later = this.#later.filter(({ dueMs }) => dueMs > this.nowMs);
    this.add(SWEEP_KEY);
  }

  putPoolService(poolService: PoolServiceObject): void {
    const key = `${poolService.metadata.namespace}/${poolService.metadata.name}`;
    const before = this.poolServiceMap.get(key);
    this.poolServiceMap.set(key, poolService);
    this.isServed = true;
    this.#contests.see({ object: poolService, before });
    if (this.#loadBalancerSet.notice(poolService)) this.#dispatch.enqueueServices();
    this.add(serviceQueueKey(serviceOfPoolService(poolService) ?? ''));
  }

  ingress(key: string): string[] {
    return (this.serviceMap.get(key)?.status?.loadBalancer?.ingress ?? []).map(
      ({ ip, hostname }) => `${hostname}=${ip}`,
    );
  }

  condition(key: string) {
    return this.serviceMap.get(key)?.status?.conditions?.find(({ type }) => type === ADDRESSES_ALLOCATED_CONDITION);
  }

  eventsOf(about: string): string[] {
    return this.events.filter((one) => one.about === about).map(({ event }) => event.reason);
  }

  // Queue
  add(key: string): void {
    if (!this.#queue.includes(key)) this.#queue.push(key);
  }
  addFirst(keys: readonly string[]): void {
    this.#queue = [...keys, ...this.#queue.filter((key) => !keys.includes(key))];
  }

  // EventRecorder
  record(about: KubeObject, event: EventText): void {
    this.events.push({ about: about.metadata.name ?? '', event });
  }

  // PlanWriter
  async writeService(service: ServiceObject, wanted: WantedStatus): Promise<void> {
    const key = `${service.metadata.namespace}/${service.metadata.name}`;
    this.#write(key, this.serviceMap, wanted);
  }
  async writePoolService(poolService: PoolServiceObject, wanted: WantedStatus): Promise<void> {
    this.#write(`${poolService.metadata.namespace}/${poolService.metadata.name}`, this.poolServiceMap, wanted);
  }
  async clearFormer(key: string): Promise<void> {
    if (this.fate(key) !== 'ok') throw new Error('write failed');
    this.cleared.push(key);
  }

  #write<T extends ServiceObject | PoolServiceObject>(
    key: string,
    map: Map<string, T>,
    { ingress, conditions: wanted }: WantedStatus,
  ): void {
    const fate = this.fate(key);
    const object = map.get(key);
    if (object !== undefined && fate !== 'refused') {
      const lastTransitionTime = '2026-01-01T00:00:00Z';
      const conditions = wanted.map((condition) => ({ ...condition, lastTransitionTime }));
      const metadata = { ...object.metadata, resourceVersion: `${++this.#version}` };
      map.set(key, { ...object, metadata, status: { loadBalancer: { ingress: [...ingress] }, conditions } });
      this.writes.push(key);
    }
    // as an ApiError has it: the API answered
    if (fate !== 'ok') throw Object.assign(new Error('write failed'), fate === 'refused' ? { status: 500 } : {});
  }

  #countMoved(count: number): void {
    this.moved += count;
  }

  // WorldCache
  service(key: string): ServiceObject | undefined {
    return this.serviceMap.get(key);
  }
  services(): Iterable<ServiceObject> {
    return this.serviceMap.values();
  }
  nodePool(name: string): NodePoolObject | undefined {
    return this.nodePoolMap.get(name);
  }
  nodePools(): Iterable<NodePoolObject> {
    return this.nodePoolMap.values();
  }
  configMaps(nodePool: string): readonly ConfigMapObject[] {
    return [...this.configMapMap.values()].filter(({ metadata }) => metadata.labels?.[NODE_POOL_LABEL] === nodePool);
  }
  configuredNodePools(): Iterable<string> {
    return [...this.configMapMap.values()].map(({ metadata }) => metadata.labels?.[NODE_POOL_LABEL] ?? '');
  }
  nodes(): Iterable<NodeObject> {
    return this.nodeMap.values();
  }
  node(name: string): NodeObject | undefined {
    return this.nodeMap.get(name);
  }
  report(node: string): ConfigMapObject | undefined {
    return this.reportMap.get(node);
  }
  reporting(): Iterable<string> {
    return this.reportMap.keys();
  }
  poolServices(serviceKey: string): readonly PoolServiceObject[] {
    return [...this.poolServiceMap.values()].filter((one) => managedServiceOf(one) === serviceKey);
  }
  allPoolServices(): Iterable<PoolServiceObject> {
    return this.poolServiceMap.values();
  }
}
