import http from 'node:http';
import https from 'node:https';

export type RequestOptions = https.RequestOptions;

/** A kept socket was hung up on before it brought anything. */
export class StaleSocket extends Error {}

export interface Sent {
  readonly request: http.ClientRequest;
  readonly response: http.IncomingMessage;
}

/**
 * One request, until the head of its answer.
 *
 * @param over ends the wait; its reason is the error
 * @throws StaleSocket, or the error of the socket
 */
export function send(options: RequestOptions, body: string | undefined, over: AbortSignal): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const request = (options.protocol === 'https:' ? https : http).request(options);
    const stop = () => request.destroy(over.reason as Error);
    over.addEventListener('abort', stop);
    request.on('response', (response) => {
      over.removeEventListener('abort', stop);
      resolve({ response, request });
    });
    request.on('error', (cause: NodeJS.ErrnoException) => {
      over.removeEventListener('abort', stop);
      const isHungUp = cause.code === 'ECONNRESET' || cause.code === 'EPIPE';
      const isStale = request.reusedSocket && isHungUp && request.method === 'GET' && !over.aborted;
      reject(isStale ? new StaleSocket(cause.message, { cause }) : cause);
    });
    request.end(body);
  });
}

/** @throws the reason of `over` where that fires first; the work itself goes on unheard */
export function sooner<T>(work: Promise<T>, over: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(over.reason);
    if (over.aborted) leave();
    over.addEventListener('abort', leave);
    work.then(resolve, reject).finally(() => over.removeEventListener('abort', leave));
  });
}
