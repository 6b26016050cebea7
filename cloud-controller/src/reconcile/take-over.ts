import {
  ADOPT_ANNOTATION,
  decodeService,
  type LoadBalancerRequest,
  type ServiceObject,
  serviceOwnership,
} from '@openyurt/nodepool-types';
import type { AddressBook } from '../ipam/address-book.ts';
import { adoptForeign, adoptRecorded, readIngress } from '../plan/recorded.ts';
import { type PlanWorld, selectPools } from '../plan/select-pools.ts';
import type { WorldCache } from '../ports/world-cache.ts';
import type { LoadBalancerSet } from './load-balancer-set.ts';
import { withPoolServices } from './pool-services.ts';
import type { Sites } from './sites.ts';

export interface TakeOverDeps {
  readonly cache: WorldCache;
  readonly book: AddressBook;
  readonly sites: Sites;
  readonly loadBalancerSet: LoadBalancerSet;
  readonly classless: boolean;
}

/**
 * What Services have in their statuses is theirs before any of them is planned: else one that asks for such an address by
 * name, and is older, would take it. Matters where a NodePool or its configuration comes after the Services: a restore, a
 * migration.
 */
export class TakeOver {
  constructor(private readonly deps: TakeOverDeps) {}

  /**
   * @param services in the order in which they are served
   * @param newNodePool one that was not known until now: nothing that is recorded for it is in the book
   */
  of(services: Iterable<ServiceObject>, newNodePool?: string): void {
    for (const service of services) {
      if (serviceOwnership(service, this.deps) !== 'ours') continue;
      if (newNodePool === undefined && service.metadata.annotations?.[ADOPT_ANNOTATION] === undefined) continue;
      const request = decodeService(service);
      const split = this.deps.loadBalancerSet.owns(service);
      if (newNodePool !== undefined) this.#recorded(request, split, newNodePool);
      if (request.adopt && !split) this.#foreign(request);
    }
  }

  #recorded(request: LoadBalancerRequest, split: boolean, nodePool: string): void {
    const { cache, book, sites } = this.deps;
    const whole = split ? withPoolServices(request, cache.poolServices(request.key), sites.isNodePool) : request;
    const { ours } = readIngress(whole.ingress, sites.isNodePool);
    adoptRecorded(
      request,
      ours.filter((entry) => entry.nodePool === nodePool),
      book,
    );
  }

  #foreign(request: LoadBalancerRequest): void {
    const { book, sites } = this.deps;
    const world: PlanWorld = { book, sites: sites.all, isNodePool: sites.isNodePool };
    const { foreign } = readIngress(request.ingress, sites.isNodePool);
    const names = foreign.length > 0 ? selectPools(request, world).map(({ name }) => name) : [];
    adoptForeign(request, foreign, names, world);
  }
}
