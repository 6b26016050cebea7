import { randomBytes } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import type { ClusterWorld } from './cluster-reader.ts';

/** What a command may touch, handed in so that a test can hold it. */
export interface Terminal {
  out(line: string): void;
  err(line: string): void;
  /** All of standard input. */
  stdin(): Promise<Buffer>;
  readFile(path: string): Promise<Buffer>;
  /** Names in a folder, but for those of folders; undefined: it is none. */
  folder(path: string): Promise<readonly string[] | undefined>;
  /** @throws TypeError where nobody answers within 5 s */
  fetch(url: string): Promise<{ readonly status: number; readonly text: string }>;
  /** @param kubeconfig a path; undefined: where kubectl would look @throws LbError `LB_NO_KUBECONFIG` */
  cluster(kubeconfig: string | undefined): Promise<ClusterWorld>;
  randomBytes(count: number): Buffer;
  /** Milliseconds since the Unix epoch. */
  wallMs(): number;
}

const ANSWER_WITHIN_MS = 5_000;

/** `yurtlb validate … | head`: whoever read has seen enough. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(1);
    throw error;
  });
}

export const systemTerminal: Terminal = {
  out: (line) => void process.stdout.write(`${visible(line)}\n`),
  err: (line) => void process.stderr.write(`${visible(line)}\n`),
  stdin: async () => {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  },
  readFile: (path) => readFile(path),
  folder: async (path) => {
    const isFolder = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (!isFolder) return undefined;
    const entries = await readdir(path, { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isDirectory() ? [] : entry.name));
  },
  fetch: async (url) => {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    return { status: response.status, text: await response.text() };
  },
  // loaded when it is wanted: the Kubernetes client is ten times the rest
  cluster: async (kubeconfig) => (await import('./cluster-reader.ts')).ClusterReader.open(kubeconfig),
  randomBytes,
  wallMs: Date.now,
};

/** What somebody else wrote must not steer the terminal: control characters but line ends are spelled out, as `\u001b`. */
export function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** @returns the text, or undefined for bytes that are no UTF-8 */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
