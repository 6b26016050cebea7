import type { AddressConfig, AddressPool, IpAddress, IpFamily, IpRange, Served } from '@openyurt/nodepool-types';
import { compareTurns, isReserved, isSubnetRouter, rangeSize, serves, subnetRoutersIn } from '@openyurt/nodepool-types';
import { isBuggy } from './address-set.ts';

interface Owned {
  readonly range: IpRange;
  readonly pool: AddressPool;
}

/** One NodePool's configuration, indexed: which address pool holds an address, in log(ranges). */
export class SiteRanges {
  readonly #sorted: Record<IpFamily, Owned[]> = { IPv4: [], IPv6: [] };

  readonly #auto: Record<IpFamily, readonly AddressPool[]>;
  /** Whether one of {@link autoAssigned} serves some Services and others not. */
  readonly #reserves: boolean;
  /** Whether some of them go before others. */
  readonly hasTurns: boolean;
  /** Pools a Service that names none may take from, in their turn; some may serve only some Services. */
  readonly autoAssigned: readonly AddressPool[];

  constructor(readonly config: AddressConfig) {
    this.autoAssigned = config.pools.filter((pool) => pool.autoAssign).sort(compareTurns);
    this.hasTurns = this.autoAssigned.some((pool, at, [first]) => at > 0 && first && compareTurns(first, pool) !== 0);
    this.#reserves = this.autoAssigned.some(isReserved);
    const having = (family: IpFamily) => this.autoAssigned.filter((pool) => hasFamily(pool, family));
    this.#auto = { IPv4: having('IPv4'), IPv6: having('IPv6') };
    for (const pool of config.pools) for (const range of pool.ranges) this.#sorted[range.family].push({ range, pool });
    for (const list of Object.values(this.#sorted)) list.sort((a, b) => (a.range.first < b.range.first ? -1 : 1));
  }

  /** The address pool whose ranges hold the address. Ranges of one NodePool never overlap: the decoder saw to it. */
  poolOf({ family, value }: IpAddress): AddressPool | undefined {
    const list = this.#sorted[family];
    let low = 0;
    let high = list.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const owned = list[middle];
      if (owned === undefined) return undefined;
      if (value < owned.range.first) high = middle - 1;
      else if (value > owned.range.last) low = middle + 1;
      else return owned.pool;
    }
    return undefined;
  }

  pool(name: string): AddressPool | undefined {
    return this.config.pools.find((pool) => pool.name === name);
  }

  /**
   * Pools that a Service which names none may take from, in their turn.
   *
   * @param family only those with a range of it
   */
  autoAssignedTo(service: Served, family?: IpFamily): readonly AddressPool[] {
    const pools = family === undefined ? this.autoAssigned : this.#auto[family];
    return this.#reserves ? pools.filter((pool) => serves(pool, service)) : pools;
  }

  /** Whether some range of this family also stands in `other`. */
  overlaps(other: SiteRanges, family: IpFamily): boolean {
    return this.#sorted[family].some(({ range }) =>
      other.#sorted[family].some((theirs) => range.first <= theirs.range.last && theirs.range.first <= range.last),
    );
  }
}

/** How many addresses a pool may hand out in one family, exact, without those that are {@link avoided}. */
export function poolSize(pool: AddressPool, family: IpFamily): bigint {
  let size = 0n;
  for (const range of pool.ranges) {
    if (range.family !== family) continue;
    size += rangeSize(range) - subnetRoutersIn(range) - (pool.avoidBuggyIps && family === 'IPv4' ? buggyIn(range) : 0n);
  }
  return size;
}

export function hasFamily(pool: AddressPool, family: IpFamily): boolean {
  return pool.ranges.some((range) => range.family === family);
}

/** Whether avoid-buggy-ips, or that it is a subnet router's, keeps the address from being handed out by itself. */
export function avoided(pool: AddressPool, address: IpAddress): boolean {
  if (address.family === 'IPv6') return isSubnetRouter(address);
  return pool.avoidBuggyIps && isBuggy(Number(address.value));
}

function buggyIn({ first, last }: IpRange): bigint {
  return endingIn(last, 0n) - endingIn(first - 1n, 0n) + (endingIn(last, 255n) - endingIn(first - 1n, 255n));
}

/** How many addresses from 0 to `last` end in the octet. */
function endingIn(last: bigint, octet: bigint): bigint {
  return last < octet ? 0n : (last - octet) / 256n + 1n;
}
