/** One fault in something a person wrote: where, what, and what to do. Lines and columns count from 1. */
export interface Problem {
  readonly line: number;
  readonly col: number;
  readonly problem: string;
  readonly remedy: string;
}

/** A decoder's answer: the value whole, or every problem at once. Warnings do not refuse. */
export type Decoded<T> =
  | { readonly ok: true; readonly value: T; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };
