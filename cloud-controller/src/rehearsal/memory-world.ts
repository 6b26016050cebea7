import {
  type Condition,
  type ConfigMapObject,
  type LoadBalancerIngress,
  managedServiceOf,
  NODE_POOL_LABEL,
  type NodeObject,
  type NodePoolObject,
  OUR_CONDITIONS,
  type PoolServiceObject,
  REPORTS_NAMESPACE,
  type ServiceObject,
} from '@openyurt/nodepool-types';
import type { PlanWriter, WantedStatus } from '../ports/plan-writer.ts';
import type { WorldCache } from '../ports/world-cache.ts';
import { Shelf } from './shelf.ts';

/** A cluster in memory: what the controller would see of it, and where what it would write goes. */
export class MemoryWorld implements WorldCache, PlanWriter {
  /** As the controller watches them: Services of type LoadBalancer, ConfigMaps with the label of a NodePool. */
  readonly shelves = {
    services: new Shelf<ServiceObject>(),
    poolServices: new Shelf<PoolServiceObject>(managedServiceOf),
    nodePools: new Shelf<NodePoolObject>(),
    configMaps: new Shelf<ConfigMapObject>(({ metadata }) => metadata.labels?.[NODE_POOL_LABEL] || undefined),
    nodes: new Shelf<NodeObject>(),
    reports: new Shelf<ConfigMapObject>(),
  };

  service(key: string): ServiceObject | undefined {
    return this.shelves.services.get(key);
  }
  services(): Iterable<ServiceObject> {
    return this.shelves.services.values();
  }
  nodePool(name: string): NodePoolObject | undefined {
    return this.shelves.nodePools.get(name);
  }
  nodePools(): Iterable<NodePoolObject> {
    return this.shelves.nodePools.values();
  }
  configMaps(nodePool: string): readonly ConfigMapObject[] {
    return this.shelves.configMaps.group(nodePool);
  }
  configuredNodePools(): Iterable<string> {
    return this.shelves.configMaps.groups();
  }
  nodes(): Iterable<NodeObject> {
    return this.shelves.nodes.values();
  }
  node(name: string): NodeObject | undefined {
    return this.shelves.nodes.get(name);
  }
  report(node: string): ConfigMapObject | undefined {
    return this.shelves.reports.get(`${REPORTS_NAMESPACE}/${node}`);
  }
  *reporting(): Iterable<string> {
    for (const { metadata } of this.shelves.reports.values()) yield metadata.name ?? '';
  }
  poolServices(serviceKey: string): readonly PoolServiceObject[] {
    return this.shelves.poolServices.group(serviceKey);
  }
  allPoolServices(): Iterable<PoolServiceObject> {
    return this.shelves.poolServices.values();
  }

  async writeService(service: ServiceObject, wanted: WantedStatus): Promise<void> {
    this.shelves.services.put({ ...service, status: written(service.status?.conditions, wanted) });
  }
  async writePoolService(poolService: PoolServiceObject, wanted: WantedStatus): Promise<void> {
    const status = { ...poolService.status, ...written(poolService.status?.conditions, wanted) };
    this.shelves.poolServices.put({ ...poolService, status });
  }
  async clearFormer(): Promise<void> {}
}

/** Times aside: nobody reads them here. */
function written(
  before: readonly Condition[] = [],
  { ingress, conditions }: WantedStatus,
): { loadBalancer: { ingress: LoadBalancerIngress[] }; conditions: Condition[] } {
  const others = before.filter(({ type }) => !OUR_CONDITIONS.includes(type));
  const ours = conditions.map((condition) => ({ ...condition, lastTransitionTime: '' }));
  return { loadBalancer: { ingress: [...ingress] }, conditions: [...others, ...ours] };
}
