import {
  decodeService,
  formatIpAddress,
  type LoadBalancerRequest,
  type Log,
  serviceOwnership,
} from '@openyurt/nodepool-types';
import type { AddressBook } from '../ipam/address-book.ts';
import { adoptRecorded, noteForeign, readIngress } from '../plan/recorded.ts';
import type { WorldCache } from '../ports/world-cache.ts';
import type { LoadBalancerSet } from './load-balancer-set.ts';
import { withPoolServices } from './pool-services.ts';

export interface WarmUpDeps {
  readonly cache: WorldCache;
  readonly book: AddressBook;
  readonly isNodePool: (name: string) => boolean;
  readonly loadBalancerSet: LoadBalancerSet;
  readonly log: Log;
  readonly classless: boolean;
}

/**
 * Takes every recorded address over before the first new one is given out. Where two Services record one address that
 * they may not share, the older keeps it (then the one whose UID sorts first).
 *
 * @returns the keys of all Services, oldest first: the order in which they are to be served
 */
export function warmUp({ cache, book, isNodePool, loadBalancerSet, log, classless }: WarmUpDeps): string[] {
  const requests: { request: LoadBalancerRequest; ours: boolean }[] = [];
  for (const service of cache.services()) {
    const request = decodeService(service);
    const ours = serviceOwnership(service, { classless }) === 'ours';
    const split = ours && loadBalancerSet.owns(service);
    requests.push({
      request: split ? withPoolServices(request, cache.poolServices(request.key), isNodePool) : request,
      ours,
    });
  }
  requests.sort((a, b) => a.request.createdMs - b.request.createdMs || (a.request.uid < b.request.uid ? -1 : 1));
  let adopted = 0;
  for (const { request, ours } of requests) {
    const entries = readIngress(request.ingress, ours ? isNodePool : () => false);
    for (const { entry, refusal } of adoptRecorded(request, entries.ours, book)) {
      const address = formatIpAddress(entry.address);
      log.warn('recorded address belongs to an older Service', { service: request.key, address, ...refusal });
    }
    noteForeign(request, entries.foreign, book);
    adopted += book.holdings(request.key).length;
  }
  log.info('recorded addresses taken over', { services: requests.length, addresses: adopted });
  return requests.map(({ request }) => request.key);
}
