import http from 'node:http';
import https from 'node:https';
import { VERSION } from '@openyurt/nodepool-types';
import type { CredentialSource } from './access.ts';
import { ApiError } from './api-error.ts';
import { Limit } from './limit.ts';

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
    private readonly credentials: CredentialSource,
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
    const what = `${request.method} ${request.path}`;
    const limit = new Limit(request.deadlineMs ?? this.deadlineMs, request.signal);
    let status = 0;
    try {
      const response = await this.#send(request, limit);
      const body = await readAll(response);
      status = response.statusCode ?? 0;
      if (status < 200 || status > 299) throw ApiError.from(status, response.headers['retry-after'], body, what);
      return JSON.parse(body) as T;
    } catch (error) {
      if (status === 401) this.credentials.forget();
      if (limit.reached === undefined || error instanceof ApiError) throw error;
      throw limit.isTimeUp ? new Error(`${what}: no answer in time`, { cause: error }) : limit.reached;
    } finally {
      limit.lift();
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
    const limit = new Limit(this.deadlineMs, signal);
    let status = 0;
    try {
      const response = await this.#send({ method: 'GET', path, query }, limit);
      status = response.statusCode ?? 0;
      if (status !== 200) {
        if (status === 401) this.credentials.forget();
        throw ApiError.from(status, response.headers['retry-after'], await readAll(response), `watch ${path}`);
      }
      limit.keepOpen();
      await readLines(response, onLine);
    } catch (error) {
      if (limit.reached === undefined || error instanceof ApiError) throw error;
      throw limit.isTimeUp ? new Error(`watch ${path}: no answer in time`, { cause: error }) : limit.reached;
    } finally {
      limit.lift();
      this.observe('WATCH', status);
    }
  }

  async #send(request: ApiRequest, limit: Limit): Promise<http.IncomingMessage> {
    const { server, agent, headers } = await this.credentials.access(Date.now());
    const query = request.query === undefined ? '' : `?${new URLSearchParams(request.query)}`;
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const type =
      request.contentType ?? (request.method === 'PATCH' ? 'application/merge-patch+json' : 'application/json');
    return new Promise((resolve, reject) => {
      const options: https.RequestOptions = {
        hostname: server.hostname.replace(/^\[|\]$/g, ''),
        port: server.port,
        path: server.pathname.replace(/\/$/, '') + request.path + query,
        method: request.method,
        agent,
        headers: {
          accept: 'application/json',
          'user-agent': `${this.program}/${VERSION}`,
          ...headers,
          ...(body === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) }),
        },
      };
      const sent = (server.protocol === 'https:' ? https : http).request(options, resolve);
      sent.on('error', (error: NodeJS.ErrnoException) => {
        // the server closed an idle connection as we reached for it; a POST might have been done all the same
        const stale = sent.reusedSocket && error.code === 'ECONNRESET' && request.method !== 'POST';
        if (stale && limit.reached === undefined) this.#send(request, limit).then(resolve, reject);
        else reject(error);
      });
      limit.whenReached((why) => sent.destroy(why));
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
