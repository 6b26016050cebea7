import {
  decodeService,
  isManagedPoolService,
  LOAD_BALANCER_SET_CONTROLLER,
  type LoadBalancerIngress,
  nodePoolOfPoolService,
  POOL_SERVICE_MANAGED_BY_LABEL,
  POOL_SERVICE_POOL_LABEL,
  POOL_SERVICE_SERVICE_LABEL,
  type PoolServiceObject,
  type ServiceObject,
  selectorMatches,
  serviceOfPoolService,
} from '@openyurt/nodepool-types';
import type { LoadBalancerSet } from '../reconcile/load-balancer-set.ts';
import type { MemoryWorld } from './memory-world.ts';
import { keyOf } from './shelf.ts';

/**
 * What yurt-manager's LoadBalancerSet would do where it runs: a PoolService for each NodePool that the selector of a Service
 * matches, and their entries together in the Service's status (load_balancer_set_controller.go).
 */
export class PoolServiceMaker {
  readonly #changed = new Set<string>();
  /** PoolServices that were made or relabelled, with the Service: two Services may want one, and it would go on for ever. */
  readonly #made = new Set<string>();

  constructor(
    private readonly world: MemoryWorld,
    private readonly loadBalancerSet: LoadBalancerSet,
  ) {
    const { services, nodePools, poolServices } = world.shelves;
    services.on({ changed: (key) => this.#changed.add(key), removed: () => {} });
    nodePools.on({ changed: () => this.everything(), removed: () => this.everything() });
    const notice = (...all: readonly (PoolServiceObject | undefined)[]): void => {
      for (const one of all) if (one !== undefined) this.#changed.add(serviceOfPoolService(one) ?? '');
    };
    poolServices.on({ changed: (_, one, before) => notice(one, before), removed: (_, one) => notice(one) });
  }

  /** All Services are looked at again. */
  everything(): void {
    for (const service of this.world.services()) this.#changed.add(keyOf(service));
  }

  /** Brings in line what changed. */
  work(): void {
    const keys = [...this.#changed];
    this.#changed.clear();
    if (!this.loadBalancerSet.runs) return;
    for (const key of keys) {
      const service = this.world.service(key);
      if (service !== undefined) this.#sync(key, service);
    }
  }

  #sync(key: string, service: ServiceObject): void {
    const { poolServices, services } = this.world.shelves;
    const isIts = service.metadata.deletionTimestamp === undefined && this.loadBalancerSet.owns(service);
    const { nodePoolSelector } = decodeService(service);
    if (isIts && nodePoolSelector === undefined) return; // one that can't be read stops it
    const wanted = new Set<string>();
    for (const { metadata } of isIts ? this.world.nodePools() : []) {
      const matches = nodePoolSelector !== undefined && selectorMatches(nodePoolSelector, metadata.labels ?? {});
      if (matches && metadata.deletionTimestamp === undefined) wanted.add(metadata.name ?? '');
    }
    for (const one of this.world.poolServices(key)) {
      if (!wanted.delete(nodePoolOfPoolService(one) ?? '')) poolServices.delete(keyOf(one));
    }
    for (const nodePool of wanted) this.#make(service, nodePool);
    const ingress = this.world.poolServices(key).flatMap(({ status }) => entriesOf(status));
    const sorted = ingress.sort(({ ip: a = '' }, { ip: b = '' }) => (a < b ? -1 : a > b ? 1 : 0));
    const before = service.status?.loadBalancer?.ingress ?? [];
    if (!isIts || JSON.stringify(before) === JSON.stringify(sorted)) return;
    services.put({ ...service, status: { ...service.status, loadBalancer: { ingress: sorted } } });
  }

  #make({ metadata: { namespace = '', name = '' }, spec }: ServiceObject, nodePool: string): void {
    const key = `${namespace}/${name}-${nodePool}`;
    const { poolServices } = this.world.shelves;
    const before = poolServices.get(key);
    if (before !== undefined && !isManagedPoolService(before)) return; // another's: left alone
    if (this.#made.has(`${key} ${name}`)) return;
    this.#made.add(`${key} ${name}`);
    const labels = {
      ...before?.metadata.labels,
      [POOL_SERVICE_SERVICE_LABEL]: name,
      [POOL_SERVICE_POOL_LABEL]: nodePool,
      [POOL_SERVICE_MANAGED_BY_LABEL]: LOAD_BALANCER_SET_CONTROLLER,
    };
    const loadBalancerClass = before?.spec?.loadBalancerClass ?? spec?.loadBalancerClass ?? '';
    poolServices.put({
      ...before,
      apiVersion: 'network.openyurt.io/v1alpha1',
      kind: 'PoolService',
      metadata: { ...before?.metadata, namespace, name: `${name}-${nodePool}`, labels },
      spec: { loadBalancerClass },
    });
  }
}

function entriesOf(status: PoolServiceObject['status']): LoadBalancerIngress[] {
  return [...(status?.loadBalancer?.ingress ?? [])] as LoadBalancerIngress[];
}
