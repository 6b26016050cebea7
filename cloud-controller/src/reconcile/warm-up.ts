import {
  ADDRESSES_ALLOCATED_CONDITION,
  decodeService,
  formatIpAddress,
  type LoadBalancerRequest,
  type Log,
  type PoolServiceObject,
  type ServiceObject,
  serviceOwnership,
} from '@openyurt/nodepool-types';
import type { AddressBook } from '../ipam/address-book.ts';
import { adoptRecorded, noteForeign, readIngress } from '../plan/recorded.ts';
import type { WorldCache } from '../ports/world-cache.ts';
import { isWrittenByUs, type LoadBalancerSet } from './load-balancer-set.ts';
import { withPoolServices } from './pool-services.ts';

export interface WarmUpDeps {
  readonly cache: WorldCache;
  readonly book: AddressBook;
  readonly isNodePool: (name: string) => boolean;
  readonly loadBalancerSet: LoadBalancerSet;
  readonly log: Log;
  readonly classless: boolean;
}

interface Recorded {
  readonly request: LoadBalancerRequest;
  readonly ours: boolean;
  /** Its spec is not the one that its status was written for. */
  readonly isChanged: boolean;
}

/**
 * Takes every recorded address over before the first new one is given out. Where two Services record one address that
 * they may not share, one of them was changed while nobody looked. The other keeps it: that whose status is of its spec,
 * then that which shares with any at all, then the older (then the one whose UID sorts first).
 *
 * @returns the keys of all Services, oldest first: the order in which they are to be served
 */
export function warmUp({ cache, book, isNodePool, loadBalancerSet, log, classless }: WarmUpDeps): string[] {
  const requests: Recorded[] = [];
  for (const service of cache.services()) {
    const request = decodeService(service);
    const ours = serviceOwnership(service, { classless }) === 'ours';
    const split = ours && loadBalancerSet.owns(service);
    // what was written under --loadbalancerset=off is newer than PoolServices that were left behind
    const recorded = (poolServices: readonly PoolServiceObject[]) =>
      withPoolServices(request, poolServices, isNodePool, isWrittenByUs(service));
    requests.push({
      request: split ? recorded(cache.poolServices(request.key)) : request,
      ours,
      isChanged: isChanged(service),
    });
  }
  requests.sort((a, b) => a.request.createdMs - b.request.createdMs || (a.request.uid < b.request.uid ? -1 : 1));
  const rank = ({ request, isChanged }: Recorded) => (isChanged ? 2 : 0) + (request.sharingKey === undefined ? 1 : 0);
  let adopted = 0;
  const foreign: (() => void)[] = [];
  for (const { request, ours } of [...requests].sort((a, b) => rank(a) - rank(b))) {
    const entries = readIngress(request.ingress, ours ? isNodePool : () => false);
    foreign.push(() => noteForeign(request, entries.foreign, book));
    for (const { entry, refusal } of adoptRecorded(request, entries.ours, book)) {
      const address = formatIpAddress(entry.address);
      log.warn('recorded address belongs to another Service', { service: request.key, address, ...refusal });
    }
    adopted += book.holdings(request.key).length;
  }
  for (const note of foreign) note(); // what was ours before another controller gave it too stays
  log.info('recorded addresses taken over', { services: requests.length, addresses: adopted });
  return requests.map(({ request }) => request.key);
}

function isChanged({ metadata, status }: ServiceObject): boolean {
  const written = status?.conditions?.find(({ type }) => type === ADDRESSES_ALLOCATED_CONDITION)?.observedGeneration;
  return written !== undefined && written !== metadata.generation;
}
