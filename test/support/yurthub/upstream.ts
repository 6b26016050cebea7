import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { pause } from '../../../cloud-controller/src/kube/backoff.ts';
import { afterPendingReads, OBSERVED, type Pace } from './timing.ts';

export interface UpstreamRequest {
  method: string;
  /** with its query */
  path: string;
  headers: http.OutgoingHttpHeaders;
  body?: Buffer | undefined;
  /** hangs up, without counting as a fault of the link */
  signal?: AbortSignal;
}

/** The request got no answer: refused, reset, hung up on, or given up after long silence. */
export class WireError extends Error {
  override readonly name = 'WireError';
  constructor(
    cause: Error,
    /** true: the other end said no at once; false: it said nothing for too long, or the client left */
    readonly refused: boolean,
  ) {
    super(cause.message, { cause });
  }
}

const SILENT = 'nothing heard from the server';

/**
 * The hub's connections to the API server. They are kept through silence for 45 s, with every request that hangs on them,
 * and then given up all at once; nobody is told earlier.
 */
export class Upstream {
  private readonly agent: http.Agent;
  private readonly sockets = new Set<Socket>();
  /** broken off here, not by the other end */
  private readonly givenUp = new WeakSet<Socket>();
  private readonly stopping = new AbortController();
  private heardMs = performance.now();
  /** somebody was refused or reset: the health is worth a look */
  onRefused: () => void = () => {};

  constructor(
    private readonly server: URL,
    ca: string | undefined,
    private readonly nodeToken: string | undefined,
    private readonly pace: Pace,
    /** asked for a sign of life; any answer is one */
    private readonly lifePath = '/livez',
  ) {
    this.agent =
      server.protocol === 'https:'
        ? new https.Agent({ keepAlive: true, ...(ca === undefined ? {} : { ca }) })
        : new http.Agent({ keepAlive: true });
    void this.listenForLife();
  }

  /**
   * @returns the answer's head; its body breaks off with an error when the connection does
   * @throws WireError
   */
  request({ method, path, headers, body, signal }: UpstreamRequest): Promise<http.IncomingMessage> {
    const { hostname, port, protocol } = this.server;
    const send = protocol === 'https:' ? https.request : http.request;
    const asNode = headers.authorization === undefined && this.nodeToken !== undefined;
    return new Promise((resolve, reject) => {
      const request = send({
        protocol,
        hostname: hostname.replace(/^\[(.*)\]$/, '$1'),
        port,
        method,
        path,
        agent: this.agent,
        headers: asNode ? { ...headers, authorization: `Bearer ${this.nodeToken}` } : headers,
        ...(signal === undefined ? {} : { signal }),
      });
      request.on('socket', (socket) => this.know(socket));
      request.once('response', resolve);
      request.on('error', (cause) => {
        const refused = cause.message !== SILENT && signal?.aborted !== true && !this.stopping.signal.aborted;
        if (refused) this.onRefused();
        reject(new WireError(cause, refused));
      });
      request.end(body);
    });
  }

  /** A GET as the node, read to its end. @throws WireError */
  async get(path: string, agent: string, signal?: AbortSignal): Promise<{ code: number; text: string }> {
    const headers = { accept: 'application/json', 'user-agent': agent };
    const answer = await this.request({ method: 'GET', path, headers, ...(signal === undefined ? {} : { signal }) });
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of answer) chunks.push(chunk as Buffer);
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(String(error));
      throw new WireError(cause, signal?.aborted !== true && this.wasReset(answer));
    }
    return { code: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() };
  }

  /** Whether an answer that broke off was hung up on, and not given up here. */
  wasReset(answer: http.IncomingMessage): boolean {
    const reset = !answer.complete && !this.givenUp.has(answer.socket) && !this.stopping.signal.aborted;
    if (reset) this.onRefused();
    return reset;
  }

  close(): void {
    this.stopping.abort();
    this.breakAll('the hub stops');
    this.agent.destroy();
  }

  private know(socket: Socket): void {
    if (this.sockets.has(socket)) return;
    this.sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('data', () => {
      this.heardMs = performance.now();
    });
    socket.once('close', () => this.sockets.delete(socket));
  }

  private breakAll(why: string): void {
    for (const socket of this.sockets) {
      this.givenUp.add(socket);
      socket.destroy(new Error(why));
    }
    this.heardMs = performance.now();
  }

  private async listenForLife(): Promise<void> {
    const { signal } = this.stopping;
    const everyMs = this.pace.ms(OBSERVED.signOfLifeS);
    let asking = false;
    while (!signal.aborted) {
      const sleptMs = performance.now();
      await pause(everyMs, signal);
      await afterPendingReads();
      // time in which this process stood still is no silence
      this.heardMs += Math.max(0, performance.now() - sleptMs - 2 * everyMs);
      if (signal.aborted) return;
      if (performance.now() - this.heardMs >= this.pace.ms(OBSERVED.silenceS)) this.breakAll(SILENT);
      if (asking) continue;
      asking = true;
      const answered = () => {
        asking = false;
      };
      this.get(this.lifePath, 'yurthub', signal).then(answered, answered);
    }
  }
}
