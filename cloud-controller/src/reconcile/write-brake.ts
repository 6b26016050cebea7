/** How often one text is written anew at once when somebody undoes it. */
const FREE_WRITES = 5;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 300_000;
/** So long after the last write it is no series any more. */
const FORGET_MS = 2 * LONGEST_PAUSE_MS;

interface Series {
  readonly text: string;
  readonly count: number;
  readonly lastMs: number;
}

/**
 * Keeps two writers from fighting: a status that somebody else undoes again and again is written with growing pauses.
 * LoadBalancerSet under `--loadbalancerset=off` answers each write within milliseconds.
 */
export class WriteBrake {
  /** By object, the longest untouched first. */
  readonly #series = new Map<string, Series>();

  /** @param nowMs monotonic */
  constructor(private readonly nowMs: () => number) {}

  /** @returns how long the write has to wait, 0: not at all */
  waitMs(object: string, text: string): number {
    const series = this.#series.get(object);
    if (series === undefined || series.text !== text || series.count < FREE_WRITES) return 0;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (series.count - FREE_WRITES));
    return Math.max(0, series.lastMs + pauseMs - this.nowMs());
  }

  /** @returns true when the next write of this text is the first that has to wait */
  wrote(object: string, text: string): boolean {
    const nowMs = this.nowMs();
    const before = this.#series.get(object);
    const count = before?.text === text && nowMs - before.lastMs < FORGET_MS ? before.count + 1 : 1;
    this.#series.delete(object);
    this.#series.set(object, { text, count, lastMs: nowMs });
    for (const [old, { lastMs }] of this.#series) {
      if (nowMs - lastMs < FORGET_MS) break;
      this.#series.delete(old);
    }
    return count === FREE_WRITES;
  }

  forget(object: string): void {
    this.#series.delete(object);
  }
}
