import type { Fields } from './object.ts';
import { badRequest, StatusError, UnknownPathError } from './status-error.ts';

export interface Answer {
  code: number;
  body: string;
  /** Content-Type */
  type: string;
  headers?: Record<string, string>;
}

export function jsonAnswer(body: Fields | string, code = 200): Answer {
  return { code, body: typeof body === 'string' ? body : JSON.stringify(body), type: 'application/json' };
}

/** The answer an error stands for; what is no error of the API is a fault of this server and says where. */
export function refusal(error: unknown): Answer {
  if (error instanceof UnknownPathError)
    return { code: 404, body: '404 page not found\n', type: 'text/plain; charset=utf-8' };
  if (error instanceof StatusError) return { ...jsonAnswer(error.body(), error.code), headers: error.headers };
  if (error instanceof URIError) return jsonAnswer(badRequest(error.message).body(), 400);
  const where = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return jsonAnswer(new StatusError(500, 'InternalError', `Internal error occurred: ${where}`).body(), 500);
}
