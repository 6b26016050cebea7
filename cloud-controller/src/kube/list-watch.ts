/** One page of a list. */
export interface ListAnswer<T> {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly T[];
}

/** One line of a watch. */
export interface WatchEvent<T> {
  readonly type: string;
  readonly object: T & { code?: number; message?: string; reason?: string };
}
