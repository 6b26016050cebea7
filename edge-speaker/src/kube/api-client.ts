import type http from 'node:http';
import { type LbError, type Log, silentLog } from '@openyurt/nodepool-types';
import { type BodyBounds, readBody, readLines } from './answer-body.ts';
import { badAnswer, isTlsFailure, noAnswer } from './api-failure.ts';
import type { Road } from './api-road.ts';
import { Connections } from './connections.ts';
import { NameLookup, type Resolve } from './name-lookup.ts';
import { type RequestOptions, StaleSocket, send, sooner } from './request.ts';

/** Every request has this long for its answer: YurtHub holds what it cannot forward for 45 s and does not say so. */
const DEADLINE_MS = 3_000;
/** A list of a large cluster takes its time; only silence between two pieces counts. A larger one is not one of ours. */
const LIST = { bytes: 64 * 1024 * 1024, wholeMs: 60_000 };
/** Where a word is expected, a server that drips bytes must not hold up what waits for it. */
const MOST_BRIEF_BYTES = 64 * 1024;
/** An object takes 1.5 MB in etcd at most; JSON escapes may double that. */
const MOST_LINE_BYTES = 8 * 1024 * 1024;

export interface Answer {
  /** What was asked, for messages: the URL without its query. */
  readonly url: string;
  readonly status: number;
  /** Content-Type, empty where there was none. */
  readonly type: string;
  readonly text: string;
  /** The server asks to be left alone for this long. */
  readonly retryAfterMs?: number;
}

export interface Ask {
  readonly method?: 'GET' | 'POST' | 'PATCH';
  /** With its query. */
  readonly path: string;
  readonly userAgent: string;
  readonly body?: string;
  /** Of the body; default: JSON. */
  readonly contentType?: string;
  /** Until the answer begins; default: the client's. */
  readonly deadlineMs?: number;
  /** The answer is a word or one object: the deadline is for all of it. */
  readonly brief?: boolean;
  /** Nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
}

/** How a watch ended. `ended`: a clean end of the stream after it had begun, or the listener had enough. */
export type StreamEnd =
  | { readonly kind: 'ended' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'refused'; readonly status: number; readonly error: LbError; readonly retryAfterMs?: number }
  | { readonly kind: 'failed'; readonly error: LbError };

export interface StreamBounds {
  /** From the first byte to the last. */
  readonly wholeMs: number;
  /** Without a line for this long the stream is given up; asked anew after each line. */
  readonly silentMs: () => number;
}

export interface ClientOptions {
  readonly log?: Log;
  /** Default 3 s; for tests. */
  readonly deadlineMs?: number;
  /** Default: as the system resolves names. */
  readonly resolve?: Resolve;
}

/** Raw requests to a Kubernetes API: JSON in and out, no generated client, so little memory. */
export class ApiClient {
  private readonly connections: Connections;
  private readonly deadlineMs: number;

  constructor(
    private readonly road: Road,
    { log = silentLog, deadlineMs = DEADLINE_MS, resolve }: ClientOptions = {},
  ) {
    this.connections = new Connections(new NameLookup(log, resolve).lookup);
    this.deadlineMs = deadlineMs;
  }

  /**
   * @throws LbError `LB_API_UNREACHABLE` for a timeout, a hang-up or a refused connection, `LB_NO_KUBECONFIG` where there
   * is nobody to ask; any status is an answer
   */
  async ask(ask: Ask): Promise<Answer> {
    const startedMs = performance.now();
    const { response, url } = await this.open(ask);
    const { deadlineMs = this.deadlineMs } = ask;
    const leftMs = Math.max(1, Math.round(deadlineMs - (performance.now() - startedMs)));
    const bounds: BodyBounds = ask.brief
      ? { bytes: MOST_BRIEF_BYTES, wholeMs: leftMs, pauseMs: leftMs }
      : { ...LIST, pauseMs: deadlineMs };
    const leave = () => response.destroy(new Error('not waited for any more'));
    ask.signal?.addEventListener('abort', leave);
    const text = await readBody(response, bounds)
      .catch((cause: unknown) => {
        throw noAnswer(url, cause);
      })
      .finally(() => ask.signal?.removeEventListener('abort', leave));
    const type = response.headers['content-type'] ?? '';
    return { url, status: response.statusCode ?? 0, type, text, ...retryAfter(response) };
  }

  /**
   * Reads a stream of lines until it ends, a bound is met or `signal` aborts. Never throws.
   *
   * @param onLine each whole line that is not empty @returns false: enough
   */
  async stream(
    ask: Ask,
    bounds: StreamBounds,
    signal: AbortSignal,
    onLine: (line: string) => boolean,
  ): Promise<StreamEnd> {
    let silent = false;
    try {
      const { response, request, url } = await this.open({ ...ask, signal });
      if (response.statusCode !== 200) {
        const text = await readBody(response, {
          bytes: MOST_BRIEF_BYTES,
          wholeMs: this.deadlineMs,
          pauseMs: this.deadlineMs,
        });
        const { statusCode: status = 0 } = response;
        return { kind: 'refused', status, error: badAnswer(url, status, text), ...retryAfter(response) };
      }
      const stop = () => request.destroy();
      const whole = setTimeout(stop, bounds.wholeMs);
      const rest = () => {
        const ms = bounds.silentMs();
        if (ms >= bounds.wholeMs) return undefined;
        return setTimeout(() => {
          silent = true;
          stop();
        }, ms);
      };
      let silence = rest();
      signal.addEventListener('abort', stop);
      if (signal.aborted) stop();
      try {
        await readLines(response, MOST_LINE_BYTES, (line) => {
          clearTimeout(silence);
          const more = onLine(line);
          silence = rest();
          return more;
        });
        return { kind: 'ended' };
      } finally {
        clearTimeout(whole);
        clearTimeout(silence);
        signal.removeEventListener('abort', stop);
        stop();
      }
    } catch (error) {
      if (silent) return { kind: 'silent' };
      return { kind: 'failed', error: noAnswer(ask.path.split('?', 1)[0] ?? '', error) };
    }
  }

  close(): void {
    this.connections.close();
  }

  /** @param again the first try met a kept socket that the server had closed, or a token that was rotated since */
  private async open(ask: Ask, again = false): Promise<Opened> {
    const { deadlineMs = this.deadlineMs, signal } = ask;
    const path = ask.path.split('?', 1)[0] ?? '';
    const target = await this.road().catch((cause: unknown) => {
      throw noAnswer(path, cause);
    });
    const { base } = target;
    const root = base.pathname.replace(/\/$/, '');
    const url = `${base.origin}${root}${path}`;
    const over = new AbortController();
    const deadline = setTimeout(() => over.abort(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs);
    const leave = () => over.abort(new Error('not waited for any more'));
    signal?.addEventListener('abort', leave);
    if (signal?.aborted) leave();
    try {
      // A credential plugin that hangs must not hang the request.
      const { headers, tls } = await sooner(target.credentials(), over.signal);
      const options: RequestOptions = {
        ...tls,
        agent: this.connections.agentFor(base.protocol),
        protocol: base.protocol,
        hostname: base.hostname.replace(/^\[(.*)\]$/, '$1'),
        port: base.port,
        path: `${root}${ask.path}`,
        method: ask.method ?? 'GET',
        headers: { ...headers, ...headersOf(ask) },
      };
      const { response, request } = await send(options, ask.body, over.signal);
      if (response.statusCode !== 401) return { response, request, url };
      target.forget();
      if (again) return { response, request, url };
      // The token was rotated since it was read: the new one is tried at once. The same one would be refused again.
      const renewed = await sooner(target.credentials(), over.signal).catch(() => ({ headers }));
      if (JSON.stringify(renewed.headers) === JSON.stringify(headers)) return { response, request, url };
      response.destroy();
      return await this.open(ask, true);
    } catch (cause) {
      if (!signal?.aborted) this.connections.dropIdle();
      if (isTlsFailure(cause)) target.forget();
      if (cause instanceof StaleSocket && !again) return await this.open(ask, true);
      throw noAnswer(url, cause instanceof StaleSocket ? cause.cause : cause);
    } finally {
      clearTimeout(deadline);
      signal?.removeEventListener('abort', leave);
    }
  }
}

interface Opened {
  readonly response: http.IncomingMessage;
  readonly request: http.ClientRequest;
  readonly url: string;
}

function headersOf({ userAgent, body, contentType = 'application/json' }: Ask): Record<string, string | number> {
  const headers = { Accept: 'application/json', 'User-Agent': userAgent };
  if (body === undefined) return headers;
  return { ...headers, 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) };
}

/** @see RFC 9110 §10.2.3; its form with a date is not used by API servers */
function retryAfter({ headers }: http.IncomingMessage): { retryAfterMs?: number } {
  const text = headers['retry-after'];
  return text !== undefined && /^\d{1,6}$/.test(text) ? { retryAfterMs: Number(text) * 1000 } : {};
}
