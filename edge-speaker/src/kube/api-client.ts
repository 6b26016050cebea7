import http from 'node:http';
import https from 'node:https';
import { StringDecoder } from 'node:string_decoder';
import type { LbError } from '@openyurt/nodepool-types';
import { badAnswer, noAnswer } from './api-failure.ts';
import type { Road } from './api-target.ts';

/** Every request has this long for its answer: YurtHub holds what it cannot forward for 45 s and does not say so. */
export const DEADLINE_MS = 3_000;
/** A list of a large cluster takes its time; only silence between two pieces counts. */
const LONGEST_LIST_MS = 60_000;
/** A list beyond this is not one of ours. */
const LARGEST_ANSWER_BYTES = 256 * 1024 * 1024;

export interface Answer {
  /** What was asked, for messages: the URL without its query. */
  readonly url: string;
  readonly status: number;
  readonly text: string;
}

export interface Ask {
  readonly method?: 'GET' | 'POST';
  /** With its query. */
  readonly path: string;
  readonly userAgent: string;
  readonly body?: string;
  /** Until the answer begins; default {@link DEADLINE_MS}. */
  readonly deadlineMs?: number;
}

/** How a watch ended. `ended`: a clean end of the stream after it had begun. */
export type StreamEnd =
  | { readonly kind: 'ended' }
  | { readonly kind: 'refused'; readonly status: number; readonly error: LbError }
  | { readonly kind: 'failed'; readonly error: LbError };

/** Raw requests to a Kubernetes API: JSON in and out, no generated client, so little memory. */
export class ApiClient {
  private agent: http.Agent | undefined;

  constructor(private readonly road: Road) {}

  /**
   * @throws LbError `LB_API_UNREACHABLE` for a timeout, a hang-up or a refused connection, `LB_NO_KUBECONFIG` where there
   * is nobody to ask; any status is an answer
   */
  async ask(ask: Ask): Promise<Answer> {
    const { response, url } = await this.open(ask);
    const text = await readAll(response, url);
    return { url, status: response.statusCode ?? 0, text };
  }

  /**
   * Reads a stream of lines until it ends, `boundMs` pass or `signal` aborts. Never throws.
   *
   * @param onLine each whole line that is not empty
   */
  async stream(ask: Ask, boundMs: number, signal: AbortSignal, onLine: (line: string) => void): Promise<StreamEnd> {
    try {
      const { response, request, url } = await this.open(ask);
      if (response.statusCode !== 200) {
        const status = response.statusCode ?? 0;
        return { kind: 'refused', status, error: badAnswer(url, status, await readAll(response, url)) };
      }
      const stop = () => request.destroy();
      const bound = setTimeout(stop, boundMs);
      signal.addEventListener('abort', stop);
      if (signal.aborted) stop();
      try {
        await readLines(response, onLine);
        return { kind: 'ended' };
      } finally {
        clearTimeout(bound);
        signal.removeEventListener('abort', stop);
      }
    } catch (error) {
      return { kind: 'failed', error: noAnswer(ask.path.split('?', 1)[0] ?? '', error) };
    }
  }

  close(): void {
    this.agent?.destroy();
  }

  private async open(ask: Ask): Promise<Opened> {
    const { base, credentials } = await this.road();
    const url = `${base.origin}${base.pathname.replace(/\/$/, '')}${ask.path.split('?', 1)[0]}`;
    const { headers, tls } = await credentials().catch((cause: unknown) => {
      throw noAnswer(url, cause);
    });
    const secure = base.protocol === 'https:';
    this.agent ??= new (secure ? https : http).Agent({ keepAlive: true, maxFreeSockets: 4 });
    const { agent } = this;
    return await new Promise((resolve, reject) => {
      const request = (secure ? https : http).request({
        ...tls,
        agent,
        protocol: base.protocol,
        hostname: base.hostname.replace(/^\[(.*)\]$/, '$1'),
        port: base.port,
        path: `${base.pathname.replace(/\/$/, '')}${ask.path}`,
        method: ask.method ?? 'GET',
        headers: {
          ...headers,
          Accept: 'application/json',
          'User-Agent': ask.userAgent,
          ...(ask.body === undefined
            ? {}
            : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(ask.body) }),
        },
      });
      const { deadlineMs = DEADLINE_MS } = ask;
      const deadline = setTimeout(() => request.destroy(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs);
      request.on('response', (response) => {
        clearTimeout(deadline);
        resolve({ response, request, url });
      });
      request.on('error', (cause) => {
        clearTimeout(deadline);
        reject(noAnswer(url, cause));
      });
      request.end(ask.body);
    });
  }
}

interface Opened {
  readonly response: http.IncomingMessage;
  readonly request: http.ClientRequest;
  readonly url: string;
}

async function readAll(response: http.IncomingMessage, url: string): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  const giveUp = (why: string) => response.destroy(new Error(why));
  const whole = setTimeout(() => giveUp(`the answer took longer than ${LONGEST_LIST_MS} ms`), LONGEST_LIST_MS);
  const pause = setTimeout(() => giveUp(`the answer paused for ${DEADLINE_MS} ms`), DEADLINE_MS);
  try {
    for await (const piece of response) {
      pause.refresh();
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > LARGEST_ANSWER_BYTES) throw new Error(`the answer is larger than ${LARGEST_ANSWER_BYTES} bytes`);
    }
  } catch (cause) {
    throw noAnswer(url, cause);
  } finally {
    clearTimeout(whole);
    clearTimeout(pause);
  }
  return Buffer.concat(pieces).toString('utf8');
}

async function readLines(response: http.IncomingMessage, onLine: (line: string) => void): Promise<void> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const piece of response) {
    rest += decoder.write(piece);
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 1);
      if (line.trim() !== '') onLine(line);
    }
    if (rest.length > LARGEST_ANSWER_BYTES) throw new Error('a line without end');
  }
}
