import { constants, type Stats } from 'node:fs';
import { chmod, lstat, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';

/** What tells one file from another, and from its own past. */
export interface FileFacts {
  readonly kind: 'file' | 'folder' | 'other';
  /** Device and inode: the same folder has the same ones in each container that mounts it. */
  readonly id: string;
  readonly size: number;
  readonly mode: number;
  readonly writtenWallMs: number;
}

/** A file being made; nobody reads it before it is renamed. */
export interface NewFile {
  /** @returns how many of the bytes from `from` on were taken; a disk may take fewer than it was given */
  write(bytes: Buffer, from: number): Promise<number>;
  sync(): Promise<void>;
  facts(): Promise<FileFacts>;
  close(): Promise<void>;
}

/**
 * The calls that the autonomy cache makes on a file system, one by one, so that a test can cut the power between any two
 * and lose what was not synced. Paths are absolute. Each throws as `node:fs/promises` does.
 */
export interface CacheFiles {
  /** Of the path itself, not of what a symbolic link leads to. @returns undefined where nothing is */
  facts(path: string): Promise<FileFacts | undefined>;
  /** @throws also where it is no plain file: a pipe would never end, a link might lead anywhere */
  read(path: string): Promise<Buffer>;
  /** Makes a file readable by its owner only. @throws EEXIST */
  create(path: string): Promise<NewFile>;
  /** Makes one folder, for its owner only. @throws EEXIST, ENOENT where its parent is not there */
  makeFolder(path: string): Promise<void>;
  list(path: string): Promise<string[]>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  setMode(path: string, mode: number): Promise<void>;
  /** A name made or changed in a folder lives through a power cut only once the folder itself is on the disk. */
  syncFolder(path: string): Promise<void>;
}

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_DIRECTORY } = constants;
const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_FOLDER = 0o700;

/** The real file system. */
export const nodeFiles: CacheFiles = {
  async facts(path) {
    try {
      return factsOf(await lstat(path));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  },
  async read(path) {
    const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      if (!(await file.stat()).isFile()) throw new Error(`${path} is no plain file`);
      return await file.readFile();
    } finally {
      await file.close();
    }
  },
  async create(path) {
    const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, OWNER_ONLY_FILE);
    return {
      write: async (bytes, from) => (await file.write(bytes, from, bytes.length - from)).bytesWritten,
      sync: () => file.sync(),
      facts: async () => factsOf(await file.stat()),
      close: () => file.close(),
    };
  },
  async makeFolder(path) {
    await mkdir(path, OWNER_ONLY_FOLDER);
  },
  list: (path) => readdir(path),
  rename,
  unlink,
  setMode: chmod,
  async syncFolder(path) {
    const folder = await open(path, O_RDONLY | O_DIRECTORY);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
};

/** `ENOENT` and its like; undefined for an error that no system call made. */
export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

function factsOf(stats: Stats): FileFacts {
  const { dev, ino, size, mode, mtimeMs } = stats;
  const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other';
  return { kind, id: `${dev}-${ino}`, size, mode: mode & 0o7777, writtenWallMs: mtimeMs };
}
