import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** What a command may touch, handed in so that a test can hold it. */
export interface Terminal {
  out(line: string): void;
  err(line: string): void;
  /** All of standard input. */
  stdin(): Promise<Buffer>;
  readFile(path: string): Promise<Buffer>;
  randomBytes(count: number): Buffer;
  /** Milliseconds since the Unix epoch. */
  wallMs(): number;
}

/** `yurtlb validate … | head`: whoever read has seen enough. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(1);
    throw error;
  });
}

export const systemTerminal: Terminal = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  stdin: async () => {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  },
  readFile: (path) => readFile(path),
  randomBytes,
  wallMs: Date.now,
};

/** @returns the text, or undefined for bytes that are no UTF-8 */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
