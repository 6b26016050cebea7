import { type IpRange, rangeSize } from './ip-range.ts';
import type { SiteConfig } from './site-config.ts';
import { subnetRoutersIn } from './subnet-router.ts';

/** One entry of `address-pools` in a NodePool's ConfigMap. */
export interface AddressPool {
  readonly name: string;
  readonly ranges: readonly IpRange[];
  /** false: only a Service that asks for this pool by name, or for an address in it, gets one. */
  readonly autoAssign: boolean;
  /** true: addresses whose last octet is 0 or 255 are never handed out (IPv4 only). */
  readonly avoidBuggyIps: boolean;
}

/** What one ConfigMap says for its NodePool. */
export interface AddressConfig {
  /** In the order of the file, which is the order of auto-assignment. */
  readonly pools: readonly AddressPool[];
  readonly site: SiteConfig;
}

/** How many addresses a pool can hand out, exact: without those of subnet routers, and without .0 and .255 where it avoids them. */
export function usableAddresses({ ranges, avoidBuggyIps }: AddressPool): bigint {
  let usable = 0n;
  for (const range of ranges) {
    usable += rangeSize(range) - subnetRoutersIn(range);
    if (avoidBuggyIps && range.family === 'IPv4') usable -= buggyUpTo(range.last) - buggyUpTo(range.first - 1n);
  }
  return usable;
}

/** How many of the addresses 0 to `value` end in .0 or .255; none for -1. */
function buggyUpTo(value: bigint): bigint {
  return value < 0n ? 0n : value / 256n + 1n + (value + 1n) / 256n;
}
