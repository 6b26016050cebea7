import type { IncomingMessage } from 'node:http';
import { decodeProtobuf, PROTOBUF } from './protobuf.ts';
import { badRequest, StatusError, unsupportedMediaType } from './status-error.ts';

/** The real server's limit for a request that ends up in etcd. */
const MOST_BYTES = 3 * 1024 * 1024;

/** @throws StatusError 413 */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const part = chunk as Buffer;
    bytes += part.length;
    if (bytes > MOST_BYTES)
      throw new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${MOST_BYTES}`);
    chunks.push(part);
  }
  return Buffer.concat(chunks);
}

/** @returns the media type without parameters, `application/json` where none is given */
export function mediaTypeOf(request: IncomingMessage): string {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim();
  return type === undefined || type === '' ? 'application/json' : type;
}

/** @throws StatusError 400 for what is not JSON, 415 for a type that is not read here */
export function parseBody(body: Buffer, mediaType: string): unknown {
  if (mediaType === PROTOBUF) return decodeProtobuf(body);
  if (!mediaType.endsWith('json')) throw unsupportedMediaType(['application/json', PROTOBUF]);
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw badRequest(
      `couldn't get version/kind; json parse error: ${error instanceof Error ? error.message : 'no JSON'}`,
    );
  }
}
