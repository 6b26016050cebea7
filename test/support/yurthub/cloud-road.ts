import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { AnswerCache } from './answer-cache.ts';
import { eachLine } from './lines.ts';
import { sendJson } from './reply.ts';
import type { HubCall } from './request-info.ts';
import type { Upstream } from './upstream.ts';

/** They belong to one connection, not to the message (RFC 9110 §7.6.1); answers are cached as plain text. */
const OWN_OF_CONNECTION = new Set([
  ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding'],
  ...['upgrade', 'host', 'accept-encoding', 'content-length'],
]);

/** Online: hands a request on, and keeps what may be kept of the answer. */
export class CloudRoad {
  constructor(
    private readonly upstream: Upstream,
    private readonly cache: AnswerCache,
  ) {}

  async serve(call: HubCall, response: ServerResponse): Promise<void> {
    const left = new AbortController();
    response.once('close', () => left.abort());
    const { method, url, headers, body } = call;
    const length = body.length === 0 ? {} : { 'content-length': body.length };
    let answer: IncomingMessage;
    try {
      answer = await this.upstream.request({
        method,
        path: `${url.pathname}${url.search}`,
        headers: { ...withoutOwn(headers), ...length },
        body: body.length === 0 ? undefined : body,
        signal: left.signal,
      });
    } catch {
      this.unanswered(call, response);
      return;
    }
    const passed = withoutOwn(answer.headers);
    const known = answer.headers['content-length'];
    response.writeHead(answer.statusCode ?? 502, known === undefined ? passed : { ...passed, 'content-length': known });
    response.flushHeaders();
    this.keep(call, answer);
    answer.on('error', () => {});
    answer.once('close', () => {
      if (answer.complete) return;
      if (!left.signal.aborted) this.upstream.wasReset(answer);
      // a watch that breaks off ends cleanly for the client, half an answer must not pass for a whole one
      if (call.resource?.verb === 'watch') response.end();
      else response.destroy();
    });
    answer.pipe(response);
  }

  /** The link broke: a get or list that is in the cache comes from there, everything else is 502 without a body. */
  private unanswered(call: HubCall, response: ServerResponse): void {
    if (response.destroyed) return;
    const verb = call.resource?.verb;
    const kept = this.cache.takes(call) && (verb === 'get' || verb === 'list') ? this.cache.query(call) : undefined;
    if (kept !== undefined) sendJson(response, kept);
    else response.writeHead(502, { 'Content-Length': 0 }).end();
  }

  private keep(call: HubCall, answer: IncomingMessage): void {
    const code = answer.statusCode ?? 0;
    const isJson = answer.headers['content-type']?.startsWith('application/json') === true;
    if (code < 200 || code > 206 || !this.cache.takes(call) || !isJson || asTable(call)) return;
    if (call.resource?.verb === 'watch') {
      eachLine(answer, (line) => this.cache.saveEvent(call, line));
      return;
    }
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => chunks.push(chunk));
    answer.once('end', () => this.cache.save(call, Buffer.concat(chunks).toString()));
  }
}

/** A Table is for eyes, and no object to keep. */
function asTable({ headers }: HubCall): boolean {
  return /as=Table/.test(headers.accept ?? '');
}

function withoutOwn(headers: IncomingMessage['headers']): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OWN_OF_CONNECTION.has(name)));
}
