import type http from 'node:http';

/** Where the API server is and how to speak to it. */
export interface Access {
  readonly server: URL;
  readonly agent: http.Agent;
  readonly headers: Readonly<Record<string, string>>;
}

/** Who we are to the API server. Tokens and certificates rotate, so it is asked for each request. */
export interface CredentialSource {
  access(nowMs: number): Promise<Access>;
  /** Drops what is remembered: after a 401 the token may be a new one. */
  forget(): void;
}

/** How long a token is used before its file is read again; kubelet rotates it well before it ends. */
export const REFRESH_MS = 10_000;
