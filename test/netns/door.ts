import { request } from 'node:http';

export type Json = Record<string, unknown>;

/**
 * A request to an API server in another namespace, through its Unix socket.
 *
 * @throws Error with the answer when it is refused
 */
export function askDoor(socketPath: string, method: string, path: string, body?: Json): Promise<Json> {
  return new Promise((resolve, reject) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const headers = { 'Content-Type': type, 'User-Agent': 'test' };
    const ask = request({ socketPath, method, path, headers }, async (answer) => {
      let text = '';
      for await (const piece of answer) text += piece;
      if ((answer.statusCode ?? 500) >= 300) reject(new Error(`${method} ${path}: ${answer.statusCode} ${text}`));
      else resolve(JSON.parse(text) as Json);
    });
    ask.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
}
