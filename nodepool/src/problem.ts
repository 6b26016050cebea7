/** One fault in something a person wrote: where, what, and what to do. Lines and columns count from 1. */
export interface Problem {
  readonly line: number;
  readonly col: number;
  readonly problem: string;
  readonly remedy: string;
  /** The key of the ConfigMap's `data` in whose text line and column count; absent: there is only one text. */
  readonly dataKey?: string;
}

/** A decoder's answer: the value whole, or every problem at once. Warnings do not refuse. */
export type Decoded<T> =
  | { readonly ok: true; readonly value: T; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** `config:3:5 problem (remedy)`, for logs and Events. */
export function formatProblem({ dataKey, line, col, problem, remedy }: Problem): string {
  return `${dataKey ?? 'line'}:${line}:${col} ${problem} (${remedy})`;
}

/** Orders by the data key, then by place. */
export function compareProblems(a: Problem, b: Problem): number {
  const [keyOfA = '', keyOfB = ''] = [a.dataKey, b.dataKey];
  if (keyOfA !== keyOfB) return keyOfA < keyOfB ? -1 : 1;
  return a.line - b.line || a.col - b.col;
}

const LONGEST_QUOTE = 60;

/** What somebody wrote, in quotes and cut: a message must not grow with hostile input. */
export function quote(text: string): string {
  return JSON.stringify(text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text);
}
