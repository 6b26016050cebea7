import { LRUCache } from 'lru-cache';

/** Anyone on the LAN can invent MACs, so the memory of what was reported is bounded. */
const REMEMBERED = 1_024;

/** Lets one report per key and interval through, and says how many were held back before it. */
export class RepeatLimit {
  private readonly seen = new LRUCache<string, { sinceMs: number; held: number }>({ max: REMEMBERED });

  constructor(private readonly intervalMs: number) {}

  /** @returns how many reports this one stands for, itself included; 0: hold it back */
  pass(key: string, nowMs: number): number {
    const last = this.seen.get(key);
    if (last !== undefined && nowMs - last.sinceMs < this.intervalMs) {
      last.held++;
      return 0;
    }
    this.seen.set(key, { sinceMs: nowMs, held: 0 });
    return 1 + (last?.held ?? 0);
  }
}
