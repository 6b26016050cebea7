import { dirname } from 'node:path';
import type { CacheFiles, FileFacts, NewFile } from '../../../edge-speaker/src/io/cache-files.ts';

/** One call that changes something, as it was made. */
export type Op =
  | { readonly kind: 'create' | 'folder'; readonly path: string; readonly ino: number }
  | { readonly kind: 'write'; readonly ino: number; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'sync'; readonly ino: number }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string; readonly ino: number }
  | { readonly kind: 'unlink'; readonly path: string; readonly ino: number }
  | { readonly kind: 'sync-folder'; readonly path: string };

/** What lies on a disk: a Buffer is a file, null a folder. */
export type Image = ReadonlyMap<string, Buffer | null>;

export type NameOp = Extract<Op, { kind: 'create' | 'folder' | 'rename' | 'unlink' }>;

/** The process was killed before this call. */
export class Killed extends Error {}

interface Node {
  readonly kind: 'file' | 'folder';
  bytes: Buffer;
  mode: number;
  wallMs: number;
}

/**
 * A file system in memory that notes each call, so that {@link afterPowerCut} can say what of it a power cut may leave.
 * A process that uses it sees everything that was written, synced or not, as it would through the page cache.
 */
export class PowerCutDisk implements CacheFiles {
  readonly log: Op[] = [];
  private readonly names = new Map<string, number>();
  private readonly nodes = new Map<number, Node>();
  private wallMs = 1;
  /** Called before each change with its number; throws where the call fails or the process is dead. */
  before: (index: number) => void = () => {};
  /** Calls that this disk promises and does not carry out: what a careless cache would leave out. */
  forgets: Op['kind'] | undefined;

  /** @param start what is on the disk and synced; `/` is always there */
  constructor(
    readonly start: Image = new Map(),
    private readonly bytesPerWrite = Number.POSITIVE_INFINITY,
  ) {
    for (const [path, bytes] of start) this.add(path, bytes === null ? 'folder' : 'file', bytes ?? Buffer.alloc(0));
  }

  async facts(path: string): Promise<FileFacts | undefined> {
    const ino = this.names.get(path);
    return path === '/' ? { ...NOWHERE, kind: 'folder' } : ino === undefined ? undefined : this.factsOf(ino);
  }

  async read(path: string): Promise<Buffer> {
    return Buffer.from(this.node(this.inoOf(path)).bytes);
  }

  async create(path: string): Promise<NewFile> {
    if (this.names.has(path)) throw errno('EEXIST');
    const ino = this.nodes.size + 1;
    this.make({ kind: 'create', path, ino }, () => this.add(path, 'file', Buffer.alloc(0)));
    return {
      write: async (bytes, from) => {
        const part = Buffer.from(bytes.subarray(from, from + this.bytesPerWrite));
        const node = this.node(ino);
        this.make({ kind: 'write', ino, at: from, bytes: part }, () => {
          node.bytes = overlaid(node.bytes, from, part);
          node.wallMs = ++this.wallMs;
        });
        return part.length;
      },
      sync: async () => this.make({ kind: 'sync', ino }, () => {}),
      facts: async () => this.factsOf(ino),
      close: async () => {},
    };
  }

  async makeFolder(path: string): Promise<void> {
    if (this.names.has(path)) throw errno('EEXIST');
    const ino = this.nodes.size + 1;
    this.make({ kind: 'folder', path, ino }, () => this.add(path, 'folder', Buffer.alloc(0)));
  }

  async list(path: string): Promise<string[]> {
    return [...this.names.keys()].filter((name) => dirname(name) === path).map((name) => name.slice(path.length + 1));
  }

  async rename(from: string, to: string): Promise<void> {
    const ino = this.inoOf(from);
    this.make({ kind: 'rename', from, to, ino }, () => {
      this.names.delete(from);
      this.names.set(to, ino);
    });
  }

  async unlink(path: string): Promise<void> {
    const ino = this.inoOf(path);
    this.make({ kind: 'unlink', path, ino }, () => this.names.delete(path));
  }

  async setMode(path: string, mode: number): Promise<void> {
    this.node(this.inoOf(path)).mode = mode;
  }

  async syncFolder(path: string): Promise<void> {
    this.make({ kind: 'sync-folder', path }, () => {});
  }

  private make(op: Op, apply: () => void): void {
    this.before(this.log.length);
    if (op.kind !== this.forgets) this.log.push(op);
    apply();
  }

  private add(path: string, kind: Node['kind'], bytes: Buffer): void {
    const ino = this.nodes.size + 1;
    this.names.set(path, ino);
    this.nodes.set(ino, { kind, bytes, mode: kind === 'file' ? 0o600 : 0o700, wallMs: ++this.wallMs });
  }

  private inoOf(path: string): number {
    const ino = this.names.get(path);
    if (ino === undefined) throw errno('ENOENT');
    return ino;
  }

  private node(ino: number): Node {
    const node = this.nodes.get(ino);
    if (node === undefined) throw errno('EBADF');
    return node;
  }

  private factsOf(ino: number): FileFacts {
    const { kind, bytes, mode, wallMs } = this.node(ino);
    return { kind, id: `1-${ino}`, size: bytes.length, mode, writtenWallMs: wallMs };
  }
}

const NOWHERE: FileFacts = { kind: 'file', id: '1-0', size: 0, mode: 0o700, writtenWallMs: 0 };

export function errno(code: string): Error {
  return Object.assign(new Error(`${code}: as the test wants it`), { code });
}

/** `bytes` laid over `under` from `at` on; a hole reads as zeros. */
export function overlaid(under: Buffer, at: number, bytes: Buffer): Buffer {
  const out = Buffer.alloc(Math.max(under.length, at + bytes.length));
  under.copy(out);
  bytes.copy(out, at);
  return out;
}
