/** Time handed in, so that a test can hold it. The real one lives at the edges of each program. */
export interface Clock {
  /** Monotonic milliseconds from an arbitrary start; for intervals, never for dates. */
  monotonicMs(): number;
  /** Milliseconds since the Unix epoch; may jump. */
  wallMs(): number;
}

/** Timers handed in. `after` returns the way to cancel; cancelling twice, or after the call, does nothing. */
export interface Timers {
  after(ms: number, run: () => void): () => void;
}
