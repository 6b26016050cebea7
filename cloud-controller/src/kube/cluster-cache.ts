import {
  type ConfigMapObject,
  type KubeObject,
  type Log,
  managedServiceOf,
  NODE_POOL_LABEL,
  type NodeObject,
  type NodePoolObject,
  type PoolServiceObject,
  type Random,
  REPORTS_NAMESPACE,
  type ServiceObject,
} from '@openyurt/nodepool-types';
import type { WorldCache } from '../ports/world-cache.ts';
import type { ApiClient } from './client.ts';
import { Informer } from './informer.ts';
import type { InformerOptions } from './informer-options.ts';
import { ObjectIndex } from './object-index.ts';

/** Tuning that only tests change. */
export type CacheTiming = Pick<InformerOptions, 'silenceMs' | 'retryMs'>;

/** The informers of everything the controller reads, filtered at the source, and the world they make. */
export class ClusterCache implements WorldCache {
  readonly serviceInformer: Informer<ServiceObject>;
  readonly nodePoolInformer: Informer<NodePoolObject>;
  readonly configMapInformer: Informer<ConfigMapObject>;
  readonly nodeInformer: Informer<NodeObject>;
  readonly poolServiceInformer: Informer<PoolServiceObject>;
  readonly reportInformer: Informer<ConfigMapObject>;
  readonly #configMapsByPool: ObjectIndex<ConfigMapObject>;
  readonly #poolServicesByService: ObjectIndex<PoolServiceObject>;

  constructor(client: ApiClient, namespace: string, log: Log, random: Random, timing: CacheTiming = {}) {
    const informer = <T extends KubeObject>(
      apiVersion: string,
      kind: string,
      path: string,
      more: Partial<InformerOptions> = {},
    ) => new Informer<T>(client, { path, type: { apiVersion, kind }, ...more, ...timing }, log, random);
    this.serviceInformer = informer('v1', 'Service', '/api/v1/services', {
      query: { fieldSelector: 'spec.type=LoadBalancer' },
    });
    this.nodeInformer = informer('v1', 'Node', '/api/v1/nodes');
    this.configMapInformer = informer('v1', 'ConfigMap', `/api/v1/namespaces/${namespace}/configmaps`, {
      query: { labelSelector: NODE_POOL_LABEL },
    });
    this.nodePoolInformer = informer(
      'apps.openyurt.io/v1beta2',
      'NodePool',
      '/apis/apps.openyurt.io/v1beta2/nodepools',
      {
        absentRemedy: 'Install OpenYurt, or the CRD nodepools.apps.openyurt.io. Nothing is written until it is there.',
        olderPaths: ['/apis/apps.openyurt.io/v1beta1/nodepools'],
      },
    );
    this.poolServiceInformer = informer(
      'network.openyurt.io/v1alpha1',
      'PoolService',
      '/apis/network.openyurt.io/v1alpha1/poolservices',
      { optional: true },
    );
    this.reportInformer = informer('v1', 'ConfigMap', `/api/v1/namespaces/${REPORTS_NAMESPACE}/configmaps`, {
      query: { labelSelector: NODE_POOL_LABEL },
      optional: true,
      mayBeForbidden: true,
    });
    this.#configMapsByPool = new ObjectIndex(this.configMapInformer.store, nodePoolOfConfigMap);
    this.#poolServicesByService = new ObjectIndex(this.poolServiceInformer.store, managedServiceOf);
  }

  get informers(): ReadonlyMap<string, Informer<KubeObject>> {
    return new Map<string, Informer<KubeObject>>([
      ['services', this.serviceInformer as unknown as Informer<KubeObject>],
      ['nodepools', this.nodePoolInformer as unknown as Informer<KubeObject>],
      ['configmaps', this.configMapInformer as unknown as Informer<KubeObject>],
      ['nodes', this.nodeInformer as unknown as Informer<KubeObject>],
      ['poolservices', this.poolServiceInformer as unknown as Informer<KubeObject>],
      ['reports', this.reportInformer as unknown as Informer<KubeObject>],
    ]);
  }

  service(key: string): ServiceObject | undefined {
    return this.serviceInformer.store.get(key);
  }
  services(): Iterable<ServiceObject> {
    return this.serviceInformer.store.values();
  }
  nodePool(name: string): NodePoolObject | undefined {
    return this.nodePoolInformer.store.get(name);
  }
  nodePools(): Iterable<NodePoolObject> {
    return this.nodePoolInformer.store.values();
  }
  configMaps(nodePool: string): readonly ConfigMapObject[] {
    return this.#configMapsByPool.get(nodePool);
  }
  configuredNodePools(): Iterable<string> {
    return this.#configMapsByPool.keys();
  }
  nodes(): Iterable<NodeObject> {
    return this.nodeInformer.store.values();
  }
  node(name: string): NodeObject | undefined {
    return this.nodeInformer.store.get(name);
  }
  report(node: string): ConfigMapObject | undefined {
    return this.reportInformer.store.get(`${REPORTS_NAMESPACE}/${node}`);
  }
  *reporting(): Iterable<string> {
    for (const { metadata } of this.reportInformer.store.values()) yield metadata.name ?? '';
  }
  poolServices(serviceKey: string): readonly PoolServiceObject[] {
    return this.#poolServicesByService.get(serviceKey);
  }
  allPoolServices(): Iterable<PoolServiceObject> {
    return this.poolServiceInformer.store.values();
  }
}

export function nodePoolOfConfigMap({ metadata }: ConfigMapObject): string | undefined {
  return metadata.labels?.[NODE_POOL_LABEL] || undefined;
}
