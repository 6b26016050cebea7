import type { Kind } from './scenario.ts';

/**
 * What the site went through last. `mixed`: disturbances overlap. A LAN that loses packets, and heartbeats other than the default,
 * have figures of their own, whatever happened.
 */
export type Cause = Kind | 'start' | 'recovery' | 'mixed' | 'lossy LAN' | 'other heartbeat';

/** Milliseconds in which nobody who could answered, and in which two did. */
export interface Spans {
  readonly none: number;
  readonly two: number;
}

/** The longest spans by what caused them. */
export class Longest {
  cause: Cause = 'start';
  private readonly by = new Map<Cause, { none: number; two: number }>();

  measure(what: 'none' | 'two', ms: number): void {
    const spans = this.by.get(this.cause) ?? { none: 0, two: 0 };
    spans[what] = Math.max(spans[what], ms);
    this.by.set(this.cause, spans);
  }

  get spans(): Partial<Record<Cause, Spans>> {
    return Object.fromEntries(this.by);
  }
}
