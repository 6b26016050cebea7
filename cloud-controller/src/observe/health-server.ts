import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { LbError } from '@openyurt/nodepool-types';

export interface HealthPages {
  /** Every check and whether it passes, for `/readyz`. */
  ready(): ReadonlyMap<string, boolean>;
  metrics(): Promise<string>;
}

/** `/healthz`, `/livez` (the loop turns), `/readyz` (what it works with was read once; `?verbose` lists it), `/metrics`. */
export class HealthServer {
  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  /** @throws LbError `LB_PORT_TAKEN` */
  static async listen({ host, port }: { host: string; port: number }, pages: HealthPages): Promise<HealthServer> {
    const server = createServer((request, response) => void answer(request, response, pages));
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause: NodeJS.ErrnoException) => {
        const what = `health and metrics cannot be served on ${host}:${port}: ${cause.message}`;
        reject(new LbError('LB_PORT_TAKEN', what, 'Name a free address with --health-address HOST:PORT.', { cause }));
      });
      server.listen(port, host, resolve);
    });
    const bound = server.address();
    return new HealthServer(server, typeof bound === 'object' && bound !== null ? bound.port : port);
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

async function answer({ url = '/' }: IncomingMessage, response: ServerResponse, pages: HealthPages): Promise<void> {
  const [pathname, query] = url.split('?', 2);
  switch (pathname) {
    case '/healthz':
    case '/livez':
      return plain(response, 200, 'ok\n');
    case '/readyz': {
      const checks = [...pages.ready()];
      const ready = checks.every(([, passed]) => passed);
      const shown = new URLSearchParams(query).has('verbose') || !ready;
      const lines = checks.map(([name, passed]) => `[${passed ? '+' : '-'}] ${name}`);
      return plain(
        response,
        ready ? 200 : 503,
        `${[...(shown ? lines : []), ready ? 'ok' : 'not ready'].join('\n')}\n`,
      );
    }
    case '/metrics':
      response.setHeader('Content-Type', 'text/plain; version=0.0.4; charset=utf-8');
      response.end(await pages.metrics());
      return;
    default:
      return plain(response, 404, 'see /healthz /livez /readyz /metrics\n');
  }
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(text);
}
