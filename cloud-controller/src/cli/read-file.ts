import { decodeUtf8, type Terminal } from './terminal.ts';

/** A file's text, or why there is none. */
export type FileRead =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly fault: string; readonly isUnreadable: boolean };

/** @param path `-` is standard input */
export async function readText(path: string, terminal: Terminal): Promise<FileRead> {
  let bytes: Buffer;
  try {
    bytes = path === '-' ? await terminal.stdin() : await terminal.readFile(path);
  } catch (error) {
    return { ok: false, fault: readFault(error), isUnreadable: true };
  }
  const text = decodeUtf8(bytes);
  return text === undefined ? { ok: false, fault: 'is not UTF-8 text', isUnreadable: false } : { ok: true, text };
}

/** What an error of the file system means: `no such file`. */
export function readFault(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? `${error.code}` : `${error}`;
  return READ_FAULTS[code] ?? `cannot be read: ${code}`;
}

const READ_FAULTS: Record<string, string> = {
  ENOENT: 'no such file',
  EISDIR: 'is a directory: name the files in it',
  EACCES: 'may not be read by this user',
};

export function nameOfPath(path: string): string {
  return path === '-' ? '<stdin>' : path;
}

/** `pools.yaml:3:5 problem (remedy)` */
export function formatPlaced(
  path: string,
  { line, col, problem, remedy }: { line: number; col: number; problem: string; remedy: string },
): string {
  return `${nameOfPath(path)}:${line}:${col} ${problem}${remedy === '' ? '' : ` (${remedy})`}`;
}
