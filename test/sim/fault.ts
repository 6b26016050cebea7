export type Fault =
  | 'none-answers'
  | 'two-answer'
  | 'split-answer'
  | 'stale-answer'
  | 'unheard-answer'
  | 'claim-without-cause'
  | 'withdrawal-without-cause'
  | 'unrest'
  | 'wrong-owner'
  | 'too-many-messages'
  | 'memory-grows'
  | 'threw';

export interface Violation {
  readonly fault: Fault;
  readonly atMs: number;
  readonly address: string | undefined;
  readonly text: string;
}

/** What may not last: it is a fault once `untilMs` has come and it still holds. */
export interface Condition {
  /** The same as long as it is the same span. */
  readonly key: string;
  readonly fault: Fault;
  readonly text: string;
  untilMs(sinceMs: number): number;
}
