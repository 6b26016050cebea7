import http from 'node:http';
import https from 'node:https';
import { VERSION } from '@openyurt/nodepool-types';
import { ApiError } from './api-error.ts';
import type { Credentials } from './credentials.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From the root, without query. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** For PATCH: `application/merge-patch+json` unless given. */
  readonly contentType?: string;
  /** Milliseconds for the whole answer. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

/** Told of each request that ended: status 0 means that there was no answer. */
export type RequestObserver = (method: string, status: number) => void;

const DEADLINE_MS = 10_000;

/** Speaks JSON with the API server: raw objects in, raw objects out, one deadline each. */
export class ApiClient {
  constructor(
    private readonly credentials: Credentials,
    private readonly observe: RequestObserver = () => {},
    private readonly deadlineMs = DEADLINE_MS,
    /** How it names itself to the API server, before the version. */
    private readonly program = 'yurtlb-controller',
  ) {}

  /**
   * One request and its whole answer.
   *
   * @throws ApiError for an answer that is no success; Error when none came within the deadline
   */
  async request<T>(request: ApiRequest): Promise<T> {
    const deadline = AbortSignal.timeout(request.deadlineMs ?? this.deadlineMs);
    const signal = request.signal === undefined ? deadline : AbortSignal.any([request.signal, deadline]);
    const what = `${request.method} ${request.path}`;
    let status = 0;
    try {
      const response = await this.#send(request, signal);
      const body = await readAll(response);
      status = response.statusCode ?? 0;
      if (status < 200 || status > 299) throw ApiError.from(status, response.headers['retry-after'], body, what);
      return JSON.parse(body) as T;
    } catch (error) {
      if (status === 401) this.credentials.forget();
      if (deadline.aborted && !(error instanceof ApiError))
        throw new Error(`${what}: no answer in time`, { cause: error });
      throw error;
    } finally {
      this.observe(request.method, status);
    }
  }

  /**
   * Opens a watch; `onLine` gets each line of the stream. Resolves when the server ends it.
   *
   * @throws ApiError when the watch is refused; Error when it breaks or `signal` fires
   */
  async stream(
    path: string,
    query: Readonly<Record<string, string>>,
    onLine: (line: string) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const opening = new AbortController();
    const timer = setTimeout(() => opening.abort(new Error(`watch ${path}: no answer in time`)), this.deadlineMs);
    const either = AbortSignal.any([signal, opening.signal]);
    let status = 0;
    try {
      const response = await this.#send({ method: 'GET', path, query }, either);
      clearTimeout(timer);
      status = response.statusCode ?? 0;
      if (status !== 200) {
        if (status === 401) this.credentials.forget();
        throw ApiError.from(status, response.headers['retry-after'], await readAll(response), `watch ${path}`);
      }
      await readLines(response, onLine);
    } finally {
      clearTimeout(timer);
      this.observe('WATCH', status);
    }
  }

  async #send(request: ApiRequest, signal: AbortSignal): Promise<http.IncomingMessage> {
    const { server, agent, headers } = await this.credentials.access(Date.now());
    const url = new URL(server);
    url.pathname = server.pathname.replace(/\/$/, '') + request.path;
    url.search = new URLSearchParams(request.query).toString();
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const type =
      request.contentType ?? (request.method === 'PATCH' ? 'application/merge-patch+json' : 'application/json');
    return new Promise((resolve, reject) => {
      const options: https.RequestOptions = {
        method: request.method,
        agent,
        signal,
        headers: {
          accept: 'application/json',
          'user-agent': `${this.program}/${VERSION}`,
          ...headers,
          ...(body === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) }),
        },
      };
      const sent = (url.protocol === 'https:' ? https : http).request(url, options, resolve);
      sent.on('error', (error: NodeJS.ErrnoException) => {
        // the server closed an idle connection as we reached for it; a POST might have been done all the same
        const stale = sent.reusedSocket && error.code === 'ECONNRESET' && request.method !== 'POST' && !signal.aborted;
        if (stale) this.#send(request, signal).then(resolve, reject);
        else reject(error);
      });
      sent.end(body);
    });
  }
}

async function readAll(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** Splits at newlines; a last line without one is dropped: the stream broke inside it. */
async function readLines(response: http.IncomingMessage, onLine: (line: string) => void): Promise<void> {
  response.setEncoding('utf8');
  let rest = '';
  for await (const chunk of response) {
    const lines = (rest + (chunk as string)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') onLine(line);
  }
}
