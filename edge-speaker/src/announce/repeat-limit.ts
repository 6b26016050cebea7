import { LRUCache } from 'lru-cache';

/** Anyone on the LAN can invent MACs, so the memory of what was reported is bounded. */
const REMEMBERED = 1_024;

/** Lets one report per key and interval through, a bounded number in all, and says how many were held back before it. */
export class RepeatLimit {
  private readonly seen = new LRUCache<string, { sinceMs: number; held: number }>({ max: REMEMBERED });
  private windowMs = Number.NEGATIVE_INFINITY;
  private passed = 0;

  /** @param most reports of all keys together that pass in one interval */
  constructor(
    private readonly intervalMs: number,
    private readonly most: number,
  ) {}

  /** @returns how many reports this one stands for, itself included; 0: hold it back */
  pass(key: string, nowMs: number): number {
    const last = this.seen.get(key);
    if (last !== undefined && nowMs - last.sinceMs < this.intervalMs) {
      last.held++;
      return 0;
    }
    if (nowMs - this.windowMs >= this.intervalMs) {
      this.windowMs = nowMs;
      this.passed = 0;
    }
    if (this.passed >= this.most) return 0; // not remembered: an invented key must not push out a real one
    this.passed++;
    this.seen.set(key, { sinceMs: nowMs, held: 0 });
    return 1 + (last?.held ?? 0);
  }
}
