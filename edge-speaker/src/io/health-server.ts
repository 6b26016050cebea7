import type { IncomingMessage, ServerResponse } from 'node:http';
import { isLoopbackHost, type Log } from '@openyurt/nodepool-types';
import { HttpListener } from './http-listener.ts';

export interface HealthPages {
  /** Why the speaker is not ready; empty: it is. */
  notReady(): readonly string[];
  metrics(): Promise<string>;
  state(): unknown;
}

/**
 * Health, metrics and the state page on loopback. `/livez` and `/healthz` say that the loop turns and nothing else: a cut
 * link must not restart the announcer.
 *
 * It has no users and no passwords. What came over loopback must name this host by loopback, so that a page in a browser
 * here cannot read it under a name of its own; `/livez` and `/healthz` tell nothing and answer whatever they are called.
 */
export class HealthServer {
  private readonly listener: HttpListener;

  constructor(
    address: { readonly host: string; readonly port: number },
    private readonly pages: HealthPages,
    private readonly log: Log,
  ) {
    this.listener = new HttpListener({
      address,
      log,
      words: {
        what: 'health and metrics',
        served: 'health and metrics served',
        refused: 'health address refused',
        flag: '--health-address',
      },
      serve: (request, response) => void this.serve(request, response),
    });
  }

  listen(): void {
    this.listener.listen();
  }

  close(): void {
    this.listener.close();
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.answer(request, response);
    } catch (err) {
      this.log.warn('page not served', { path: request.url, err });
      if (response.headersSent) response.destroy();
      else plain(response, 500, 'this page failed; the log says why\n');
    }
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
