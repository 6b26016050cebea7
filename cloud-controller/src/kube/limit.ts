/**
 * How long one request may take: until its time is up, or until its caller's signal fires. Leaves nothing behind once lifted;
 * an `AbortSignal.timeout` would stand, with all that listens to it, for the whole deadline after the answer.
 */
export class Limit {
  /** Why it was reached; undefined while it was not. */
  reached: Error | undefined;
  /** Whether it was the time. */
  isTimeUp = false;
  readonly #timer: NodeJS.Timeout;
  #end: (why: Error) => void = () => {};

  constructor(
    ms: number,
    private readonly signal?: AbortSignal,
  ) {
    this.#timer = setTimeout(() => {
      this.isTimeUp = true;
      this.#reach(new Error(`not within ${ms} ms`));
    }, ms);
    if (signal?.aborted) this.#onAbort();
    else signal?.addEventListener('abort', this.#onAbort);
  }

  /** @param end ends what is under way; called at once where the limit was reached already */
  whenReached(end: (why: Error) => void): void {
    this.#end = end;
    if (this.reached !== undefined) end(this.reached);
  }

  /** Time does not count any more; the signal does. */
  keepOpen(): void {
    clearTimeout(this.#timer);
  }

  lift(): void {
    clearTimeout(this.#timer);
    this.signal?.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => {
    const reason: unknown = this.signal?.reason;
    this.#reach(reason instanceof Error ? reason : new Error('aborted'));
  };

  #reach(why: Error): void {
    if (this.reached !== undefined) return;
    this.reached = why;
    this.#end(why);
  }
}
