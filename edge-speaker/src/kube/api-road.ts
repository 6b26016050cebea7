import type { RequestOptions } from 'node:https';

/** What a request carries so that the server lets it in. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>;
}

/** A server that speaks the Kubernetes API, YurtHub or the API server itself, and how it is spoken to. */
export interface ApiTarget {
  readonly base: URL;
  /** Asked before every request, so that a rotated token is used at once. */
  credentials(): Promise<Credentials>;
  /** The server does not accept them, or its certificate is not trusted: they are read anew for the next request. */
  forget(): void;
}

/** The way to the API, asked before every request; it may not be there yet. @throws LbError `LB_NO_KUBECONFIG` */
export type Road = () => Promise<ApiTarget>;
