import type { Random } from '@openyurt/nodepool-types';

/** Doubles from `firstMs` to `maxMs`; each delay is drawn from its upper half, so that many clients spread. */
export class Backoff {
  #failures = 0;

  constructor(
    private readonly firstMs: number,
    private readonly maxMs: number,
    private readonly random: Random,
  ) {}

  /** Milliseconds until the next try. */
  next(): number {
    const ceiling = Math.min(this.maxMs, this.firstMs * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 30);
    return ceiling * (0.5 + this.random() / 2);
  }

  reset(): void {
    this.#failures = 0;
  }
}

/** Waits, or ends early (without an error) when `signal` fires. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
