import { isDeepStrictEqual } from 'node:util';
import {
  type KubeObject,
  type PoolServiceObject,
  parseLabelSelector,
  type ServiceObject,
  selectorMatches,
  silentLog,
} from '@openyurt/nodepool-types';
import { ApiError } from '../../../cloud-controller/src/kube/api-error.ts';
import { pause } from '../../../cloud-controller/src/kube/backoff.ts';
import type { ApiClient } from '../../../cloud-controller/src/kube/client.ts';
import { WorkQueue } from '../../../cloud-controller/src/kube/work-queue.ts';
import { aggregateIngress, aggregateMaps, mergeAggregated } from './aggregate.ts';
import { CONTROLLER, FINALIZER, MANAGED_BY, SELECTOR, SERVICE_NAME } from './names.ts';
import { buildPoolService, isNamedByLabels, POOL_SERVICE_API, repaired } from './pool-service.ts';
import { isManagedPoolService, isOfTheKind } from './predicates.ts';
import { Watches } from './watches.ts';

/** How slow it is, in milliseconds. As seen in a run: finalizer 13 ms after the Service, PoolService 18 ms, a fight 70 writes a second. */
export interface Pace {
  /** From an event to the reconcile. */
  readonly pickMs: number;
  /** Before each write. */
  readonly writeMs: number;
}

const AS_SEEN: Pace = { pickMs: 8, writeMs: 4 };
const WORKERS = 3;
const RETRY_MS = { firstMs: 5, maxMs: 60_000 };
const POOL_SERVICES = `/apis/${POOL_SERVICE_API}`;

/**
 * yurt-manager's LoadBalancerSet as a stand-in: the reconcile of load_balancer_set_controller.go (OpenYurt 1.7), step by
 * step, over whatever API server. Its caches lag as the real ones do: a stale object is refused with 409 and tried again.
 */
export class YurtManager {
  readonly #watches: Watches;
  readonly #queue: WorkQueue;
  readonly #stop = new AbortController();
  /** Events by `reason kind/name`, and how often; the real one writes them to the API. */
  readonly events = new Map<string, number>();
  /** Errors that a reconcile ended with, 409 left out. */
  readonly errors: string[] = [];

  constructor(
    private readonly api: ApiClient,
    private readonly pace: Pace = AS_SEEN,
  ) {
    const observer = { added() {}, retried() {}, worked() {} };
    const options = { concurrency: WORKERS, ...RETRY_MS };
    this.#queue = new WorkQueue((key) => this.#work(key), options, silentLog, Math.random, observer);
    this.#watches = new Watches(api, (key) => this.#queue.add(key));
  }

  /** Resolves when its caches are filled; it works from then on. */
  async start(): Promise<void> {
    await this.#watches.start();
    this.#queue.start();
  }

  /** What is being written is finished. The objects stay as they are: nobody clears finalizers or PoolServices. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#watches.stop();
    await this.#queue.drain();
  }

  async #work(key: string): Promise<void> {
    await pause(this.pace.pickMs, this.#stop.signal);
    if (this.#stop.signal.aborted) return;
    try {
      await this.#reconcile(key);
    } catch (error) {
      const isStale = error instanceof ApiError && [404, 409].includes(error.status);
      if (!isStale && !this.#stop.signal.aborted) this.errors.push(`${key}: ${String(error)}`);
      throw error;
    }
  }

  async #reconcile(key: string): Promise<void> {
    const cached = this.#watches.services.store.get(key);
    if (cached === undefined) return;
    if (cached.metadata.deletionTimestamp !== undefined || !isOfTheKind(cached)) return this.#deleteAll(cached);
    const service = await this.#withFinalizer(cached);
    await this.#syncPoolServices(service);
    await this.#syncService(service);
  }

  /** All PoolServices at once; the finalizer on a later pass, when none is left. The status is not cleared. */
  async #deleteAll(service: ServiceObject): Promise<void> {
    const current = this.#current(service);
    if (current.length > 0) return this.#delete(current);
    const finalizers = service.metadata.finalizers ?? [];
    if (!finalizers.includes(FINALIZER)) return;
    const left = finalizers.filter((one) => one !== FINALIZER);
    await this.#put(pathOf(service), { ...service, metadata: { ...service.metadata, finalizers: left } });
  }

  async #withFinalizer(service: ServiceObject): Promise<ServiceObject> {
    const finalizers = service.metadata.finalizers ?? [];
    if (finalizers.includes(FINALIZER)) return service;
    const metadata = { ...service.metadata, finalizers: [...finalizers, FINALIZER] };
    return this.#put(pathOf(service), { ...service, metadata });
  }

  /** The surplus goes without waiting for its end; what is there already is not compared (syncPoolServices). */
  async #syncPoolServices(service: ServiceObject): Promise<void> {
    const current = this.#current(service);
    const wanted = this.#wanted(service);
    const has = (among: readonly PoolServiceObject[], one: PoolServiceObject) =>
      among.some(({ metadata }) => metadata.name === one.metadata.name);
    await this.#delete(current.filter((one) => !has(wanted, one)));
    for (const one of wanted) if (!has(current, one)) await this.#apply(one);
  }

  /** Objects of the name that are another's are left alone; its own with other labels or owners are overwritten. */
  async #apply(wanted: PoolServiceObject): Promise<void> {
    const { namespace, name } = wanted.metadata;
    const now = this.#watches.poolServices.store.get(`${namespace}/${name}`);
    if (now === undefined) {
      await pause(this.pace.writeMs, this.#stop.signal);
      const path = `${POOL_SERVICES}/namespaces/${namespace}/poolservices`;
      await this.api.request({ method: 'POST', path, body: wanted });
      return;
    }
    if (now.metadata.labels?.[MANAGED_BY] !== CONTROLLER) return this.#say('ManagedConflict', now);
    const next = repaired(now, wanted);
    if (next === undefined) return;
    this.#say('Modified', now);
    await this.#put(pathOf(now), next);
  }

  /** Status first; a pass that wrote it ends, annotations and labels follow on the next (compareAndUpdateService). */
  async #syncService(service: ServiceObject): Promise<void> {
    const poolServices = this.#current(service);
    const ingress = aggregateIngress(poolServices);
    if (!isDeepStrictEqual(service.status?.loadBalancer?.ingress ?? [], ingress)) {
      const loadBalancer = ingress.length > 0 ? { ingress } : {};
      await this.#put(`${pathOf(service)}/status`, { ...service, status: { ...service.status, loadBalancer } });
      return;
    }
    const { metadata } = service;
    const maps = (key: 'aggregateToAnnotations' | 'aggregateToLabels') =>
      aggregateMaps(poolServices.map(({ status }) => status?.[key]));
    const annotations = mergeAggregated(metadata.annotations, maps('aggregateToAnnotations'));
    const labels = mergeAggregated(metadata.labels, maps('aggregateToLabels'));
    if (annotations === undefined && labels === undefined) return;
    const next = { ...metadata, ...(annotations && { annotations }), ...(labels && { labels }) };
    await this.#put(pathOf(service), { ...service, metadata: next });
  }

  #current(service: ServiceObject): PoolServiceObject[] {
    const { namespace, name } = service.metadata;
    return [...this.#watches.poolServices.store.values()].filter(
      (one) =>
        isManagedPoolService(one) &&
        one.metadata.namespace === namespace &&
        one.metadata.labels?.[SERVICE_NAME] === name &&
        isNamedByLabels(one),
    );
  }

  /** @throws Error for a selector that does not parse: nothing is changed then */
  #wanted(service: ServiceObject): PoolServiceObject[] {
    const selector = parseLabelSelector(service.metadata.annotations?.[SELECTOR] ?? '');
    const nodePools = [...this.#watches.nodePools.store.values()].filter(
      ({ metadata }) => metadata.deletionTimestamp === undefined && selectorMatches(selector, metadata.labels ?? {}),
    );
    if (nodePools.length === 0) this.#say('NoMatchNodePool', service);
    return nodePools.map((nodePool) => buildPoolService(service, nodePool));
  }

  async #delete(poolServices: readonly PoolServiceObject[]): Promise<void> {
    for (const one of poolServices) {
      if (one.metadata.deletionTimestamp !== undefined) continue;
      await pause(this.pace.writeMs, this.#stop.signal);
      await this.api.request({ method: 'DELETE', path: pathOf(one) });
    }
  }

  async #put<T extends KubeObject>(path: string, body: T): Promise<T> {
    await pause(this.pace.writeMs, this.#stop.signal);
    return this.api.request<T>({ method: 'PUT', path, body });
  }

  #say(reason: string, { kind, metadata }: KubeObject): void {
    const key = `${reason} ${kind}/${metadata.name}`;
    this.events.set(key, (this.events.get(key) ?? 0) + 1);
  }
}

function pathOf({ kind, metadata: { namespace, name } }: KubeObject): string {
  return kind === 'Service'
    ? `/api/v1/namespaces/${namespace}/services/${name}`
    : `${POOL_SERVICES}/namespaces/${namespace}/poolservices/${name}`;
}
