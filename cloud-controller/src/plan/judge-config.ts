import { type AddressConfig, formatIpAddress, quote } from '@openyurt/nodepool-types';
import { type AddressBook, sameAddress } from '../ipam/address-book.ts';
import { SiteRanges } from '../ipam/site-ranges.ts';

/** An address that a Service uses and a new configuration no longer holds, or no longer in the address pool it asks for. */
export interface TakenAway {
  readonly service: string;
  readonly address: string;
  /** The pool the Service asks for, where it is the only thing that it would lose. */
  readonly pool?: string;
}

/**
 * What a NodePool's new configuration would take from the Services that use it. An address a Service asked for by name
 * may lie outside the ranges where the site allows that.
 *
 * @param next undefined: the ConfigMap is gone
 * @param poolOf the address pool that a Service asks for by name
 */
export function takenAway(
  book: AddressBook,
  nodePool: string,
  next: AddressConfig | undefined,
  poolOf: (service: string) => string | undefined,
): TakenAway[] {
  const ranges = next && new SiteRanges(next);
  const taken: TakenAway[] = [];
  const site = book.site(nodePool);
  for (const address of site.used.values()) {
    const was = site.ranges?.poolOf(address)?.name;
    const will = ranges?.poolOf(address)?.name;
    if (will !== undefined && (was === undefined || was === will)) continue;
    for (const service of book.holders(nodePool, address)) {
      const held = book
        .holdings(service)
        .find((mine) => mine.nodePool === nodePool && sameAddress(mine.address, address));
      const text = formatIpAddress(address);
      if (will === undefined) {
        if (!next?.site.allowOutsideRanges || !held?.requested) taken.push({ service, address: text });
      } else if (was !== undefined && !held?.requested && poolOf(service) === was) {
        taken.push({ service, address: text, pool: was });
      }
    }
  }
  return taken.sort((a, b) => (a.service < b.service ? -1 : a.service > b.service ? 1 : 0));
}

/** `10.0.0.1 (default/web), 10.0.0.2 (default/db) and 7 more` */
export function sayTakenAway(taken: readonly TakenAway[]): string {
  const listed = taken.slice(0, 5).map(({ service, address, pool }) => {
    const asks = pool === undefined ? '' : `, which asks for address pool ${quote(pool)}`;
    return `${address} (${service}${asks})`;
  });
  return taken.length > 5 ? `${listed.join(', ')} and ${taken.length - 5} more` : listed.join(', ');
}
