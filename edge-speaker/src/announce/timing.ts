import type { SiteConfig } from '@openyurt/nodepool-types';

/** RFC 5227 §1.1: how long after the first announcement sleeping devices may still object, PROBE_NUM × PROBE_MAX + PROBE_WAIT. */
export const OBJECTION_MS = 7_000;
/** RFC 5227 §1.1, DEFEND_INTERVAL. */
export const DEFEND_INTERVAL_MS = 10_000;
/** RFC 5227 §1.1, RATE_LIMIT_INTERVAL: the least pause once an address met MAX_CONFLICTS. Doubling passes it at the fourth. */
export const RETRY_MIN_MS = 10_000;
export const RETRY_MAX_MS = 300_000;

/**
 * The site's schedule. RFC 5227 §1.1 wants three probes 1 to 2 s apart and 2 s of waiting after them; that would be an outage
 * of its own for every new Service, so the default is 3 × 10 ms, and `probes` may be tuned up to the RFC's.
 */
export type Timing = Pick<SiteConfig, 'probes' | 'gratuitous' | 'refreshMs'>;

/**
 * Pause before an address that met a conflict is probed again, in milliseconds: doubles from RETRY_MIN to RETRY_MAX, and up to
 * a tenth less by lot, so that many addresses don't come back at once.
 *
 * @param conflicts how many so far, from 1
 * @param unit a draw from [0, 1)
 * @throws RangeError when `unit` lies outside [0, 1)
 */
export function retryMs(conflicts: number, unit: number): number {
  return lessByLot(Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** (conflicts - 1)), unit);
}

/**
 * Pause before what is announced is said again for switches that forget, in milliseconds: `refreshMs` or up to a tenth less, so
 * that addresses taken together drift apart; Infinity where the site wants none.
 *
 * @throws RangeError as above
 */
export function beatMs(refreshMs: number, unit: number): number {
  return refreshMs === 0 ? Number.POSITIVE_INFINITY : lessByLot(refreshMs, unit);
}

function lessByLot(ms: number, unit: number): number {
  if (!(unit >= 0 && unit < 1)) throw new RangeError(`unit must lie in [0, 1), got ${unit}`);
  return ms * (1 - unit / 10);
}
