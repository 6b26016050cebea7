import type { Clock, Timers } from '@openyurt/nodepool-types';

/** Time that moves when told: events run in order of their time, ties in the order they were made. */
export class VirtualTime implements Clock {
  private nowMs = 0;
  private made = 0;
  private heap: { atMs: number; order: number; run: () => void }[] = [];

  monotonicMs(): number {
    return this.nowMs;
  }

  wallMs(): number {
    return 1_800_000_000_000 + this.nowMs;
  }

  readonly timers: Timers = { after: (ms, run) => this.after(ms, run) };

  after(ms: number, run: () => void): () => void {
    const event = { atMs: this.nowMs + Math.max(0, ms), order: this.made++, run };
    this.push(event);
    return () => {
      event.run = () => {};
    };
  }

  /** Runs all that is due within `ms`. */
  advance(ms: number): void {
    const untilMs = this.nowMs + ms;
    while (this.runNext(untilMs));
    this.nowMs = untilMs;
  }

  /** Runs the next event that is due by then; time stands at the event. @returns false where there is none */
  runNext(untilMs: number): boolean {
    const next = this.heap[0];
    if (next === undefined || next.atMs > untilMs) {
      this.nowMs = Math.max(this.nowMs, untilMs);
      return false;
    }
    this.pop();
    this.nowMs = Math.max(this.nowMs, next.atMs);
    next.run();
    return true;
  }

  private push(event: { atMs: number; order: number; run: () => void }): void {
    const { heap } = this;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.before(at, parent)) break;
      this.swap(at, parent);
      at = parent;
    }
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) if (child < heap.length && this.before(child, least)) least = child;
      if (least === at) return;
      this.swap(at, least);
      at = least;
    }
  }

  private before(a: number, b: number): boolean {
    const [left, right] = [this.heap[a], this.heap[b]];
    if (left === undefined || right === undefined) return false;
    return left.atMs === right.atMs ? left.order < right.order : left.atMs < right.atMs;
  }

  private swap(a: number, b: number): void {
    const [left, right] = [this.heap[a], this.heap[b]];
    if (left === undefined || right === undefined) return;
    this.heap[a] = right;
    this.heap[b] = left;
  }
}

/** A draw from [0, 1) that a seed decides (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x100000000;
  };
}
