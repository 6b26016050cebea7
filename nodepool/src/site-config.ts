/** `data.site`: what all members of a site must agree on. Absent keys take {@link DEFAULT_SITE_CONFIG}. */
export interface SiteConfig {
  /** Milliseconds between heartbeats; a member is dead after three missed ones. */
  readonly heartbeatMs: number;
  /** Probes of an address new to the pool before it is first announced (RFC 5227 §2.1), and their spacing. */
  readonly probes: { readonly count: number; readonly intervalMs: number };
  /** Gratuitous ARP and unsolicited neighbour advertisements on taking an address: how many, and how far apart. */
  readonly gratuitous: { readonly count: number; readonly intervalMs: number };
  /**
   * Milliseconds after which an announced address is said again, up to a tenth less; 0: never. Switches forget a silent
   * station after 300 s (IEEE 802.1Q §8.8.3, ageing time).
   */
  readonly refreshMs: number;
  /** Interface names or patterns with `*`; empty: the interface whose subnet holds the address. */
  readonly interfaces: readonly string[];
  /** true: a Service may ask for an address outside the ranges. */
  readonly allowOutsideRanges: boolean;
  /** `majority`: only with more than half of the NodePool's Nodes in sight, or half of them and the lowest name. */
  readonly splitPolicy: SplitPolicy;
  /** `never`: who announces an address keeps it, whoever comes back. */
  readonly failBack: FailBack;
  /** A speaker that started, or was in doubt about itself, takes nothing from another one for this long. */
  readonly minReadySeconds: number;
}

export const SPLIT_POLICIES = ['always', 'majority'] as const;
export type SplitPolicy = (typeof SPLIT_POLICIES)[number];
export const FAIL_BACKS = ['always', 'never'] as const;
export type FailBack = (typeof FAIL_BACKS)[number];

/** How many heartbeats in a row must be missing before a member counts as dead. */
export const MISSED_HEARTBEATS = 3;

export const DEFAULT_SITE_CONFIG: SiteConfig = {
  heartbeatMs: 100,
  probes: { count: 3, intervalMs: 10 },
  gratuitous: { count: 3, intervalMs: 500 },
  refreshMs: 60_000,
  interfaces: [],
  allowOutsideRanges: false,
  splitPolicy: 'always',
  failBack: 'always',
  minReadySeconds: 5,
};
