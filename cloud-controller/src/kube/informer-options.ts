/** What an informer lists and watches, and how patiently. */
export interface InformerOptions {
  /** Path of the collection, `/api/v1/services`. */
  readonly path: string;
  readonly type: { readonly apiVersion: string; readonly kind: string };
  /** Label and field selectors. */
  readonly query?: Readonly<Record<string, string>>;
  /** Asked in turn where `path` is not served: versions an older cluster has. */
  readonly olderPaths?: readonly string[];
  /** true: the kind may not exist (a CRD that is not installed); counts as empty until it does. */
  readonly optional?: boolean;
  /** What to do where the kind does not exist and must; it is asked for until it does. */
  readonly absentRemedy?: string;
  /** true: the right to read may be missing; counts as empty until it is there. */
  readonly mayBeForbidden?: boolean;
  /** A watch that says nothing for this long is opened anew; API servers send a bookmark each minute. */
  readonly silenceMs?: number;
  readonly retryMs?: { readonly first: number; readonly max: number };
}
