import { type IpRange, rangeSize } from './ip-range.ts';
import { type LabelSelector, selectorMatches } from './label-selector.ts';
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
  /** Who names no pool gets an address of the pool with the lowest number; 0 stands for none and comes last. */
  readonly priority: number;
  /** The namespaces whose Services it serves; empty: all. */
  readonly namespaces: readonly string[];
  /** One of them must match the labels of a Service that it serves; empty: any labels will do. */
  readonly serviceSelectors: readonly LabelSelector[];
}

/** What of a Service decides which address pools serve it. */
export interface Served {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What one ConfigMap says for its NodePool. */
export interface AddressConfig {
  /** In the order of the file. */
  readonly pools: readonly AddressPool[];
  readonly site: SiteConfig;
}

/** Whether the pool serves some Services and others not. */
export function isReserved({ namespaces, serviceSelectors }: AddressPool): boolean {
  return namespaces.length > 0 || serviceSelectors.length > 0;
}

/** Whether the pool may give an address to the Service: as MetalLB has it, also when the Service asks for it by name. */
export function serves({ namespaces, serviceSelectors }: AddressPool, { namespace, labels }: Served): boolean {
  if (namespaces.length > 0 && !namespaces.includes(namespace)) return false;
  return serviceSelectors.length === 0 || serviceSelectors.some((selector) => selectorMatches(selector, labels));
}

/**
 * The order of auto-assignment, as in MetalLB: the lower priority number first, those without one last, and among equals
 * those that serve only some Services. 0: neither goes before the other, so the order of the file counts.
 *
 * @see https://metallb.io/configuration/_advanced_ipaddresspool_configuration/ (serviceAllocation)
 */
export function compareTurns(a: AddressPool, b: AddressPool): number {
  const turn = ({ priority }: AddressPool) => (priority === 0 ? Number.MAX_SAFE_INTEGER : priority);
  return turn(a) - turn(b) || Number(isReserved(b)) - Number(isReserved(a));
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
