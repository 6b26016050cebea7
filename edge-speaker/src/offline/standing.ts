import { RESOURCES, type Resource, type View } from './adopt.ts';
import type { Origin } from './ledger.ts';

/** How far the facts of one resource can be trusted. */
export interface Standing {
  readonly resource: Resource;
  readonly facts: number;
  readonly origins: Readonly<Partial<Record<Origin, number>>>;
  /** When the API last vouched for all of them, or, before it ever did in this process, how old the oldest is. */
  readonly vouchedMs: number | undefined;
}

/**
 * Where the facts come from, and since when nobody has vouched for them. A resource that was listed whole is vouched for as
 * long as the API answers, since its watch tells what changes.
 *
 * @param contactMs when the API last answered
 */
export function standings(view: View, contactMs: number | undefined): Standing[] {
  return RESOURCES.map((resource) => {
    const ledger = view[resource];
    const origins: Partial<Record<Origin, number>> = {};
    let oldestMs: number | undefined;
    for (const [, { origin, sinceMs }] of ledger.entries()) {
      origins[origin] = (origins[origin] ?? 0) + 1;
      oldestMs = Math.min(oldestMs ?? sinceMs, sinceMs);
    }
    const { provenMs } = ledger;
    const vouchedMs = provenMs === undefined ? oldestMs : Math.max(provenMs, contactMs ?? provenMs);
    return { resource, facts: ledger.size, origins, vouchedMs };
  });
}
