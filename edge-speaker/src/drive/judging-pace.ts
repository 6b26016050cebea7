import type { Clock, Timers } from '@openyurt/nodepool-types';

/** Judging a large view takes milliseconds: facts that rain are judged together, for at most this share of the time. */
const JUDGE_SHARE = 5;
const LONGEST_WAIT_MS = 200;

export interface JudgingParts {
  readonly clock: Clock;
  readonly timers: Timers;
  /** @returns milliseconds after which to judge again though nothing came, if any */
  readonly judge: () => number | undefined;
}

/** When the hub judges anew: soon after a fact, seldom enough under a rain of them, and when time alone changes something. */
export class JudgingPace {
  private cancel: (() => void) | undefined;
  private dueMs = Number.POSITIVE_INFINITY;
  private judgedMs = Number.NEGATIVE_INFINITY;
  private judgingMs = 0;
  private stopped = false;

  constructor(private readonly parts: JudgingParts) {}

  /** Once the facts of this turn of the loop are in, and not sooner than the last judging allows. */
  soon(): void {
    const now = this.parts.clock.monotonicMs();
    const pauseMs = Math.min(LONGEST_WAIT_MS, this.judgingMs * JUDGE_SHARE);
    this.at(Math.max(now, this.judgedMs + pauseMs));
  }

  stop(): void {
    this.stopped = true;
    this.cancel?.();
  }

  private at(dueMs: number): void {
    if (this.stopped || dueMs >= this.dueMs) return;
    this.cancel?.();
    this.dueMs = dueMs;
    this.cancel = this.parts.timers.after(Math.max(0, dueMs - this.parts.clock.monotonicMs()), () => this.run());
  }

  private run(): void {
    const { clock, judge } = this.parts;
    this.dueMs = Number.POSITIVE_INFINITY;
    const startMs = clock.monotonicMs();
    const nextMs = judge();
    this.judgedMs = clock.monotonicMs();
    this.judgingMs = this.judgedMs - startMs;
    if (nextMs !== undefined) this.at(this.judgedMs + nextMs);
  }
}
