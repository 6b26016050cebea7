import type { IncomingMessage, ServerResponse } from 'node:http';
import { isLoopbackHost, type Log } from '@openyurt/nodepool-types';
import type { LocalAnswer, LocalApi, LocalWatch } from '../ports/local-api.ts';
import { HttpListener } from './http-listener.ts';

/** Bounds of what any process on this node may ask for. */
const MOST_CONNECTIONS = 64;
const MOST_WATCHES = 24;
const MOST_BODY_BYTES = 3 * 1024 * 1024;
const MOST_UNREAD_BYTES = 4 * 1024 * 1024;
const HEADERS_WITHIN_MS = 5_000;
const REQUEST_WITHIN_MS = 10_000;
/** Who takes nothing of a list for this long gets no more of it. */
const UNREAD_WITHIN_MS = 20_000;
/** A list is written in parts of this size, and no part keeps the loop longer than this. */
const PART_CHARACTERS = 16 * 1024;
const TURN_MS = 4;
const POLL_MS = 500;

/**
 * The local API on loopback. It has no users and no passwords: whoever runs on the node may read. A page in a browser may
 * not: the Host header must be a name of this host, so a name that somebody points at 127.0.0.1 gets nothing.
 */
export class LocalApiServer {
  private readonly listener: HttpListener;
  private poll: NodeJS.Timeout | undefined;
  private watches = 0;

  constructor(
    address: { readonly host: string; readonly port: number },
    private readonly api: LocalApi,
    private readonly log: Log,
  ) {
    this.listener = new HttpListener({
      address,
      limits: {
        headersTimeout: HEADERS_WITHIN_MS,
        requestTimeout: REQUEST_WITHIN_MS,
        connectionsCheckingInterval: 2_000,
      },
      mostConnections: MOST_CONNECTIONS,
      log,
      words: {
        what: 'the local API',
        served: 'local API served',
        refused: 'local API address refused',
        flag: '--local-api-address, or off',
      },
      serve: (request, response) => void this.serve(request, response),
    });
  }

  listen(): void {
    this.listener.listen();
  }

  close(): void {
    clearInterval(this.poll);
    this.listener.close();
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.hear(request, response);
    } catch (err) {
      this.log.debug('local API request ended early', { path: request.url, err });
      response.destroy();
    }
  }

  private async hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => {}); // the client left in the middle; what was begun ends on 'close'
    if (!isLoopbackHost(request.headers.host ?? '')) {
      const message = 'the Host header names no address of this node: use http://127.0.0.1 or http://localhost';
      return this.send(this.api.refuse(403, 'Forbidden', message), request, response);
    }
    if (!(await swallow(request))) {
      const message = `the body is larger than ${MOST_BODY_BYTES} bytes, and nothing can be written here`;
      response.setHeader('Connection', 'close');
      return this.send(this.api.refuse(413, 'RequestEntityTooLarge', message), request, response);
    }
    const { method = 'GET', url = '/', headers } = request;
    return this.send(this.api.answer({ method, url, accept: headers.accept ?? '' }), request, response);
  }

  private async send(answer: LocalAnswer, request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('Content-Type', answer.type);
    response.setHeader('Cache-Control', 'no-cache, private');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    switch (answer.kind) {
      case 'whole':
        response.statusCode = answer.status;
        response.setHeader('Content-Length', Buffer.byteLength(answer.body));
        response.end(answer.body);
        return;
      case 'pieces':
        response.setTimeout(UNREAD_WITHIN_MS, () => response.destroy());
        if (request.method !== 'HEAD') await writeAll(answer.pieces, response);
        response.end();
        return;
      case 'watch':
        return this.watch(answer.watch, request, response);
    }
  }

  private async watch(watch: LocalWatch, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.watches >= MOST_WATCHES) {
      response.setHeader('Retry-After', '5');
      const message = `${MOST_WATCHES} watches are open on this node, and that is the limit`;
      return this.send(this.api.refuse(429, 'TooManyRequests', message), request, response);
    }
    this.watchers(+1);
    response.setTimeout(0);
    const waiting: string[] = [];
    let live = false;
    const write = (line: string) => {
      if (response.writableEnded) return;
      if (response.writableLength > MOST_UNREAD_BYTES) response.destroy();
      else response.write(line);
    };
    const stop = watch.listen((line) => (live ? write(line) : waiting.push(line)));
    const bookmark =
      watch.bookmarkMs === undefined ? undefined : setInterval(() => live && write(watch.bookmark()), watch.bookmarkMs);
    const end = setTimeout(() => response.end(), watch.timeoutMs);
    response.once('close', () => {
      stop();
      clearInterval(bookmark);
      clearTimeout(end);
      this.watchers(-1);
    });
    response.flushHeaders();
    await writeAll(watch.first, response);
    for (const line of waiting) write(line);
    live = true;
  }

  /** While somebody watches, what nobody tells is looked for. */
  private watchers(more: 1 | -1): void {
    this.watches += more;
    if (this.watches === 0) clearInterval(this.poll);
    else if (this.watches === 1 && more === 1) this.poll = setInterval(() => this.api.poll(), POLL_MS);
  }
}

/** @returns false for a body beyond the bound; kubectl hears an answer only once its body was taken */
function swallow(request: IncomingMessage): Promise<boolean> {
  let bytes = 0;
  return new Promise((resolve, reject) => {
    request.on('data', (piece: Buffer) => {
      bytes += piece.length;
      if (bytes > MOST_BODY_BYTES) resolve(false);
    });
    request.once('end', () => resolve(true));
    request.once('error', reject);
    request.once('close', () => reject(new Error('the client has gone')));
  });
}

/** Writes as fast as it is read, a little at a time: heartbeats and ARP go before any list. */
async function writeAll(pieces: Iterable<string>, response: ServerResponse): Promise<void> {
  let part = '';
  let sinceMs = performance.now();
  for (const piece of pieces) {
    part += piece;
    const full = part.length >= PART_CHARACTERS;
    if (!full && performance.now() - sinceMs < TURN_MS) continue;
    if (full && !response.write(part)) await drained(response);
    if (full) part = '';
    if (response.destroyed) throw new Error('the client has gone');
    await new Promise((resolve) => setImmediate(resolve));
    sinceMs = performance.now();
  }
  if (part !== '') response.write(part);
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}
