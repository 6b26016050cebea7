import type {
  ConfigMapObject,
  NodeObject,
  NodePoolObject,
  PoolServiceObject,
  ServiceObject,
} from '@openyurt/nodepool-types';

/** The cluster as it was last heard of. Never waits, never fails; may be a moment old. */
export interface WorldCache {
  /** @param key `namespace/name`; only Services of type LoadBalancer are known */
  service(key: string): ServiceObject | undefined;
  services(): Iterable<ServiceObject>;
  nodePool(name: string): NodePoolObject | undefined;
  nodePools(): Iterable<NodePoolObject>;
  /** ConfigMaps labelled for this NodePool. */
  configMaps(nodePool: string): readonly ConfigMapObject[];
  /** NodePool names that some ConfigMap carries in its label. */
  configuredNodePools(): Iterable<string>;
  nodes(): Iterable<NodeObject>;
  node(name: string): NodeObject | undefined;
  /** What the speaker of a node reports. */
  report(node: string): ConfigMapObject | undefined;
  /** Names of the nodes that report. */
  reporting(): Iterable<string>;
  /** PoolServices that yurt-manager's LoadBalancerSet made for this Service. */
  poolServices(serviceKey: string): readonly PoolServiceObject[];
  allPoolServices(): Iterable<PoolServiceObject>;
}
