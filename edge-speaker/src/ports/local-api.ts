/** One request to the local API, its body read and thrown away. */
export interface LocalRequest {
  readonly method: string;
  /** Path and query, as they came. */
  readonly url: string;
  readonly accept: string;
}

/** Lines of JSON, without end. */
export interface LocalWatch {
  /** What goes before everything that {@link listen} brings; an empty text is nothing. */
  readonly first: Iterable<string>;
  readonly timeoutMs: number;
  /** A bookmark is due this often; undefined: nobody asked for any. */
  readonly bookmarkMs: number | undefined;
  bookmark(): string;
  /** @returns the way to stop it */
  listen(send: (line: string) => void): () => void;
}

/** What is said to it. `pieces` are parts of one text, made as they are taken. */
export type LocalAnswer =
  | { readonly kind: 'whole'; readonly status: number; readonly type: string; readonly body: string }
  | { readonly kind: 'pieces'; readonly type: string; readonly pieces: Iterable<string> }
  | { readonly kind: 'watch'; readonly type: string; readonly watch: LocalWatch };

/** The read-only Kubernetes API of one node, without its sockets. */
export interface LocalApi {
  /** Never throws. */
  answer(request: LocalRequest): LocalAnswer;
  /** A refusal as Kubernetes words it. */
  refuse(status: number, reason: string, message: string): LocalAnswer;
  /** Looks for changes that nobody told; called often while somebody watches. */
  poll(): void;
}
