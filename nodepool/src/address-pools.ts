import type { IpRange } from './ip-range.ts';
import type { SiteConfig } from './site-config.ts';

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
