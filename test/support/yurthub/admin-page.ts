import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Health } from './options.ts';
import { send } from './reply.ts';

const TEXT = 'text/plain; charset=utf-8';

/** What the hub says of itself on its second port (10267). Health and readiness are always fine, whatever the link does. */
export class AdminPage {
  private changed: Health | undefined;

  constructor(private readonly server: string) {}

  /** The metric's line is there from the first change on: a hub that only ever knew one state does not show it. */
  onChange(from: Health, to: Health): void {
    if (from !== 'unknown') this.changed = to;
  }

  serve(request: IncomingMessage, response: ServerResponse): void {
    switch (request.url) {
      case '/v1/healthz':
      case '/v1/readyz':
        send(response, { code: 200, body: 'OK', type: TEXT });
        return;
      case '/metrics':
        send(response, { code: 200, body: this.metrics, type: 'text/plain; version=0.0.4; charset=utf-8' });
        return;
      default:
        send(response, { code: 404, body: '404 page not found\n', type: TEXT });
    }
  }

  private get metrics(): string {
    const name = 'node_yurthub_server_healthy_status';
    const head = `# HELP ${name} healthy status of remote servers. 1: healthy, 0: unhealthy\n# TYPE ${name} gauge\n`;
    if (this.changed === undefined) return '';
    return `${head}${name}{server="${this.server}"} ${this.changed === 'online' ? 1 : 0}\n`;
  }
}
