import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LbError, type Log } from '@openyurt/nodepool-types';

const RETRY_MS = 5_000;

export interface HttpListenerParts {
  readonly address: { readonly host: string; readonly port: number };
  readonly limits?: ServerOptions;
  /** Default: as many as there are descriptors. */
  readonly mostConnections?: number;
  readonly log: Log;
  /** `what` is served here, as a sentence begins; `flag` names another address. */
  readonly words: { readonly what: string; readonly served: string; readonly refused: string; readonly flag: string };
  /** Answers one request; never throws. */
  readonly serve: (request: IncomingMessage, response: ServerResponse) => void;
}

/** A port for people and for Prometheus. One that is taken is named once and tried again; announcing goes on meanwhile. */
export class HttpListener {
  private server: Server | undefined;
  private retry: NodeJS.Timeout | undefined;
  private said = false;
  private closed = false;

  constructor(private readonly parts: HttpListenerParts) {}

  listen(): void {
    if (this.closed) return;
    const { address, limits = {}, mostConnections, log, words, serve } = this.parts;
    const { host, port } = address;
    const server = createServer(limits, serve);
    if (mostConnections !== undefined) server.maxConnections = mostConnections;
    server.on('error', (cause) => this.refused(cause));
    server.listen(port, host, () => {
      if (this.closed) {
        server.close();
        return;
      }
      this.server = server;
      log.info(words.served, { host, port: (server.address() as AddressInfo).port });
    });
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.retry);
    this.server?.close();
    this.server?.closeAllConnections();
  }

  private refused(cause: Error): void {
    if (this.closed || this.server !== undefined) return; // it listens: one connection came to nothing
    const { address, log, words } = this.parts;
    if (!this.said) {
      const what = `${words.what} cannot be served on ${address.host}:${address.port}: ${cause.message}`;
      const remedy = `Name a free address with ${words.flag}. Announcing is not affected; the address is tried again.`;
      log.error(words.refused, { err: new LbError('LB_PORT_TAKEN', what, remedy, { cause }) });
    }
    this.said = true;
    this.retry = setTimeout(() => this.listen(), RETRY_MS);
  }
}
