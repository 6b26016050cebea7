import type { LbError, NodeReport } from '@openyurt/nodepool-types';

/** What one node has to say of itself. */
export interface NodeWord {
  readonly nodeName: string;
  /** UID of the Node; absent: it is not known. */
  readonly nodeUid?: string;
  /** undefined: the node is in no NodePool, and what it said before is void. */
  readonly report: NodeReport | undefined;
}

/** `refused`: it will not be taken before somebody changes something. `failed`: it may be taken the next time. */
export type ReportOutcome =
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused'; readonly error: LbError }
  | { readonly kind: 'failed'; readonly error: LbError; readonly retryAfterMs?: number };

export interface ReportSink {
  /** Never throws. `taken` means by the API itself: a YurtHub offline says 200 or 201 and keeps nothing. */
  write(word: NodeWord): Promise<ReportOutcome>;
}
