import type { ServerResponse } from 'node:http';
import { type Answer, jsonAnswer, refusal } from '../api-server/answer.ts';
import { type Fields, textOf } from '../api-server/object.ts';
import { StatusError } from '../api-server/status-error.ts';

/** Writes a whole answer, unless the client has left or the head is out. */
export function send(response: ServerResponse, { code, body, type, headers }: Answer): void {
  if (response.destroyed || response.headersSent) return;
  response.writeHead(code, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body), ...headers });
  response.end(body);
}

export function sendJson(response: ServerResponse, body: Fields | string, code = 200): void {
  send(response, jsonAnswer(body, code));
}

export function sendError(response: ServerResponse, error: unknown): void {
  send(response, refusal(error));
}

/** 503 of a hub that is starting. */
export function notReady(why: string): StatusError {
  return new StatusError(503, 'ServiceUnavailable', why);
}

/** 429 of a multiplexer that is filling. */
export function tooEarly(resource: string): StatusError {
  const message = `the cache of ${resource} is not ready, please try again later`;
  return new StatusError(429, 'TooManyRequests', message, { retryAfterSeconds: 1 }, { 'Retry-After': '1' });
}

/** Begins a watch: the head goes out at once. */
export function openStream(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.flushHeaders();
}

/** `timeoutSeconds` of a list or watch, in ms; 0 where none is asked for. It is the client's own time: no scale. */
export function timeoutMsOf(query: URLSearchParams): number {
  return (Number(textOf(query.get('timeoutSeconds'))) || 0) * 1000;
}
