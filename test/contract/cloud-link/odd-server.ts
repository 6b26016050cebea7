import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers in the API's place. @returns false: the API itself answers */
export type Oddity = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A server before the API that behaves, or answers in its own odd way. */
export class OddServer {
  private oddity: Oddity = () => false;
  /** `METHOD path?query` of each request, and when it came. */
  readonly asked: { readonly line: string; readonly atMs: number }[] = [];

  private constructor(
    private readonly server: Server,
    public upstream: string,
  ) {
    server.on('request', (incoming: IncomingMessage, response: ServerResponse) => this.answer(incoming, response));
  }

  static async before(upstream: string): Promise<OddServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new OddServer(server, upstream);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** From now on; open answers are hung up on, so that watches meet it too. */
  turn(oddity: Oddity): void {
    this.oddity = oddity;
    this.server.closeAllConnections();
  }

  /** From now on, for new requests only. */
  turnQuietly(oddity: Oddity): void {
    this.oddity = oddity;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    await closed;
  }

  private answer(incoming: IncomingMessage, response: ServerResponse): void {
    const { method = 'GET', url = '/', headers } = incoming;
    this.asked.push({ line: `${method} ${url}`, atMs: performance.now() });
    response.on('error', () => {});
    if (this.oddity(incoming, response)) return;
    const outgoing = request(new URL(url, this.upstream), { method, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.on('error', () => response.destroy()).pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    response.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  }
}
