import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isLoopbackHost, LbError, type Log } from '@openyurt/nodepool-types';

export interface HealthPages {
  /** Why the speaker is not ready; empty: it is. */
  notReady(): readonly string[];
  metrics(): Promise<string>;
  state(): unknown;
}

const RETRY_MS = 5_000;

/**
 * Health, metrics and the state page on loopback. `/livez` and `/healthz` say that the loop turns and nothing else: a cut
 * link must not restart the announcer. A taken port is named and tried again; announcing goes on meanwhile.
 *
 * It has no users and no passwords. What came over loopback must name this host by loopback, so that a page in a browser
 * here cannot read it under a name of its own; `/livez` and `/healthz` tell nothing and answer whatever they are called.
 */
export class HealthServer {
  private server: Server | undefined;
  private retry: NodeJS.Timeout | undefined;
  private said = false;
  private closed = false;

  constructor(
    private readonly address: { readonly host: string; readonly port: number },
    private readonly pages: HealthPages,
    private readonly log: Log,
  ) {}

  listen(): void {
    const { host, port } = this.address;
    const server = createServer((request, response) => {
      this.answer(request, response).catch((cause: unknown) => {
        this.log.warn('page not served', { path: request.url, err: cause });
        if (response.headersSent) response.destroy();
        else plain(response, 500, 'this page failed; the log says why\n');
      });
    });
    server.on('error', (cause: NodeJS.ErrnoException) => this.refused(cause));
    server.listen(port, host, () => {
      this.server = server;
      this.log.info('health and metrics served', { host, port });
    });
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.retry);
    this.server?.close();
    this.server?.closeAllConnections();
  }

  private refused(cause: NodeJS.ErrnoException): void {
    if (this.closed) return;
    if (!this.said) {
      const remedy =
        'Name a free address with --health-address. Announcing is not affected; the address is tried again.';
      const what = `health and metrics cannot be served on ${this.address.host}:${this.address.port}: ${cause.message}`;
      this.log.error('health address refused', { err: new LbError('LB_PORT_TAKEN', what, remedy, { cause }) });
    }
    this.said = true;
    this.retry = setTimeout(() => this.listen(), RETRY_MS);
  }

  private async answer(
    { method, url = '/', headers, socket }: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const path = url.split('?', 1)[0];
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Cache-Control', 'no-store');
    if (path === '/healthz' || path === '/livez') return plain(response, 200, 'ok\n');
    if (isLoopback(socket.localAddress) && !isLoopbackHost(headers.host ?? ''))
      return plain(response, 403, 'the Host header names no address of this node: use 127.0.0.1 or localhost\n');
    if (method !== 'GET' && method !== 'HEAD') return plain(response, 405, 'nothing can be written here\n');
    switch (path) {
      case '/readyz': {
        const missing = this.pages.notReady();
        return plain(
          response,
          missing.length === 0 ? 200 : 503,
          missing.length === 0 ? 'ok\n' : `${missing.join('\n')}\n`,
        );
      }
      case '/metrics': {
        response.setHeader('Content-Type', 'text/plain; version=0.0.4; charset=utf-8');
        response.end(await this.pages.metrics());
        return;
      }
      case '/state':
        response.setHeader('Content-Type', 'application/json');
        response.end(`${JSON.stringify(this.pages.state(), null, 2)}\n`);
        return;
      default:
        return plain(response, 404, 'see /livez /readyz /metrics /state\n');
    }
  }
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(text);
}

/** @param address where the request came in; an IPv4 one may be written as IPv6 */
function isLoopback(address = ''): boolean {
  return address === '::1' || /^(?:::ffff:)?127\./.test(address);
}
