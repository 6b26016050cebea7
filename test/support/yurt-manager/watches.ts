import {
  type KubeObject,
  type NodePoolObject,
  type PoolServiceObject,
  type ServiceObject,
  silentLog,
} from '@openyurt/nodepool-types';
import type { ApiClient } from '../../../cloud-controller/src/kube/client.ts';
import { Informer } from '../../../cloud-controller/src/kube/informer.ts';
import { POOL_NAME, SERVICE_NAME } from './names.ts';
import { POOL_SERVICE_API } from './pool-service.ts';
import { isManagedPoolService, isNodePoolChange, isOfTheKind, isServiceChange } from './predicates.ts';

/** What it knows of the cluster, and which Services a change wakes (event_handler.go, predicate.go). */
export class Watches {
  readonly services: Informer<ServiceObject>;
  readonly poolServices: Informer<PoolServiceObject>;
  readonly nodePools: Informer<NodePoolObject>;
  readonly #stop = new AbortController();
  #running: Promise<unknown> | undefined;

  /** @param wake is given `namespace/name` of a Service */
  constructor(
    api: ApiClient,
    private readonly wake: (service: string) => void,
  ) {
    const informer = <T extends KubeObject>(apiVersion: string, kind: string, path: string) =>
      new Informer<T>(
        api,
        { path, type: { apiVersion, kind }, retryMs: { first: 5, max: 200 } },
        silentLog,
        Math.random,
      );
    this.services = informer('v1', 'Service', '/api/v1/services');
    this.poolServices = informer(POOL_SERVICE_API, 'PoolService', `/apis/${POOL_SERVICE_API}/poolservices`);
    this.nodePools = informer('apps.openyurt.io/v1beta2', 'NodePool', '/apis/apps.openyurt.io/v1beta2/nodepools');
    this.#onServices();
    this.#onPoolServices();
    this.#onNodePools();
  }

  /** Resolves when all of it was listed. */
  async start(): Promise<void> {
    const informers = [this.services, this.poolServices, this.nodePools];
    this.#running = Promise.all(informers.map((one) => one.run(this.#stop.signal)));
    await Promise.all(informers.map((one) => one.synced));
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  #onServices(): void {
    this.services.on({
      changed: (key, service, before) => {
        if (before === undefined ? isOfTheKind(service) : isServiceChange(before, service)) this.wake(key);
      },
      removed: (key, service) => {
        if (isOfTheKind(service)) this.wake(key);
      },
    });
  }

  /** A changed service-name label wakes both. */
  #onPoolServices(): void {
    this.poolServices.on({
      changed: (_, now, before) => {
        const seen = before === undefined ? [now] : [before, now];
        if (seen.some(isManagedPoolService)) for (const one of seen) this.#wakeServiceOf(one);
      },
      removed: (_, poolService) => {
        if (isManagedPoolService(poolService)) this.#wakeServiceOf(poolService);
      },
    });
  }

  /** New labels concern every Service of the kind, a deletion those that have a PoolService there. */
  #onNodePools(): void {
    this.nodePools.on({
      changed: (_, nodePool, before) => {
        if (!isNodePoolChange(before, nodePool)) return;
        for (const service of this.services.store.values()) {
          const { namespace, name } = service.metadata;
          if (isOfTheKind(service)) this.wake(`${namespace}/${name}`);
        }
      },
      removed: (name) => {
        for (const one of this.poolServices.store.values()) {
          if (isManagedPoolService(one) && one.metadata.labels?.[POOL_NAME] === name) this.#wakeServiceOf(one);
        }
      },
    });
  }

  #wakeServiceOf({ metadata: { namespace, labels } }: PoolServiceObject): void {
    const name = labels?.[SERVICE_NAME];
    if (name !== undefined) this.wake(`${namespace}/${name}`);
  }
}
