import { type AddressConfig, formatIpAddress } from '@openyurt/nodepool-types';
import { type AddressBook, sameAddress } from '../ipam/address-book.ts';
import { SiteRanges } from '../ipam/site-ranges.ts';

/** An address that a Service uses and a new configuration no longer holds. */
export interface TakenAway {
  readonly service: string;
  readonly address: string;
}

/**
 * What a NodePool's new configuration would take from the Services that use it. An address a Service asked for by name
 * may lie outside the ranges where the site allows that.
 *
 * @param next undefined: the ConfigMap is gone
 */
export function takenAway(book: AddressBook, nodePool: string, next: AddressConfig | undefined): TakenAway[] {
  const ranges = next && new SiteRanges(next);
  const taken: TakenAway[] = [];
  const site = book.site(nodePool);
  for (const address of site.used.values()) {
    if (ranges?.poolOf(address) !== undefined) continue;
    for (const service of book.holders(nodePool, address)) {
      const held = book
        .holdings(service)
        .find((mine) => mine.nodePool === nodePool && sameAddress(mine.address, address));
      if (next?.site.allowOutsideRanges && held?.requested) continue;
      taken.push({ service, address: formatIpAddress(address) });
    }
  }
  return taken.sort((a, b) => (a.service < b.service ? -1 : a.service > b.service ? 1 : 0));
}

/** `10.0.0.1 (default/web), 10.0.0.2 (default/db) and 7 more` */
export function sayTakenAway(taken: readonly TakenAway[]): string {
  const listed = taken.slice(0, 5).map(({ service, address }) => `${address} (${service})`);
  return taken.length > 5 ? `${listed.join(', ')} and ${taken.length - 5} more` : listed.join(', ');
}
