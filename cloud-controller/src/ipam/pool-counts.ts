import type { IpFamily } from '@openyurt/nodepool-types';
import type { AddressBook } from './address-book.ts';
import { poolSize } from './site-ranges.ts';

/** How full one address pool of one NodePool is, in one family. */
export interface PoolCount {
  readonly nodePool: string;
  readonly pool: string;
  readonly family: IpFamily;
  readonly total: bigint;
  readonly inUse: number;
  /** Free, but used by a host of the site. */
  readonly avoided: number;
}

export function* poolCounts(book: AddressBook): Iterable<PoolCount> {
  for (const nodePool of book.nodePools) {
    const site = book.site(nodePool);
    for (const pool of site.ranges?.config.pools ?? []) {
      for (const family of ['IPv4', 'IPv6'] as const) {
        const total = poolSize(pool, family);
        if (total === 0n) continue;
        const counts = { total, inUse: site.inUse(pool, family), avoided: site.avoidedIn([pool], family) };
        yield { nodePool, pool: pool.name, family, ...counts };
      }
    }
  }
}
