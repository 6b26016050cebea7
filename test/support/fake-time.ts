import type { Clock, Timers } from '@openyurt/nodepool-types';

/** Time that stands until a test moves it. Timers due at one moment run in the order they were set. */
export class FakeTime implements Clock, Timers {
  private nowMs = 0;
  private serial = 0;
  private readonly waiting = new Map<number, { dueMs: number; run: () => void }>();

  monotonicMs(): number {
    return this.nowMs;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.nowMs;
  }

  after(ms: number, run: () => void): () => void {
    const id = ++this.serial;
    this.waiting.set(id, { dueMs: this.nowMs + ms, run });
    return () => this.waiting.delete(id);
  }

  /** Timers that wait. */
  get pending(): number {
    return this.waiting.size;
  }

  /** Moves on by `ms`, running what falls due on the way, also what that sets. */
  advance(ms: number): void {
    const end = this.nowMs + ms;
    for (let next = this.first(end); next !== undefined; next = this.first(end)) {
      this.waiting.delete(next.id);
      this.nowMs = Math.max(this.nowMs, next.dueMs);
      next.run();
    }
    this.nowMs = end;
  }

  /** Time goes by without running anything: the process is stopped. What fell due meanwhile runs at the next {@link advance}. */
  stop(ms: number): void {
    this.nowMs += ms;
  }

  private first(endMs: number): { id: number; dueMs: number; run: () => void } | undefined {
    return [...this.waiting]
      .map(([id, timer]) => ({ id, ...timer }))
      .filter(({ dueMs }) => dueMs <= endMs)
      .sort((a, b) => a.dueMs - b.dueMs || a.id - b.id)[0];
  }
}
