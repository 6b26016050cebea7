import { dirname, join, resolve } from 'node:path';
import { type CacheFiles, codeOf, type FileFacts, nodeFiles } from './cache-files.ts';
import { type CacheLock, SocketLock } from './cache-lock.ts';

/** A file as it was found. `stamp` changes whenever somebody writes it. */
export interface FoundFile {
  readonly bytes: Buffer;
  readonly writtenWallMs: number;
  readonly stamp: string;
}

/** What a folder readable by others needs: it was made private, or cannot be for the reason given. */
export type TooOpen = { readonly path: string; readonly mode: number; readonly left?: string };

/** The few things that the autonomy cache asks of a disk; a test hands in one that is full or torn. */
export interface CacheDisk {
  /** @returns false while another process writes here */
  claim(): Promise<boolean>;
  /** @returns undefined where there is no such file */
  read(name: string): Promise<FoundFile | undefined>;
  /** @returns undefined where there is no such file */
  stamp(name: string): Promise<string | undefined>;
  /**
   * The file is there whole after this, or as it was before: written aside, synced, renamed, the folder synced.
   * @returns its stamp
   */
  write(name: string, bytes: Buffer): Promise<string>;
  /** Keeps a file under another name. */
  moveAside(name: string, to: string): Promise<void>;
  /** Makes what others may read readable by its owner only. @returns what was found so */
  tighten(names: readonly string[]): Promise<readonly TooOpen[]>;
}

const NOT_FOR_OTHERS = 0o077;
/** A view of 10,000 Services takes 8 MB. What is larger is none of ours, and must not be read into memory. */
const MAX_BYTES = 256 * 1024 * 1024;
const OURS = /^[a-z]+\.[01](\.new|\.format-\d+)?$/;

/** A folder of the real file system, made when first needed, readable by its owner only. One for all files in it. */
export class FolderDisk implements CacheDisk {
  /** Whether every name in the folder is known to be on the disk, also those that a killed process left. */
  private settled = false;
  /** Folders that a name was made in, and that are not on the disk since. */
  private readonly owed = new Set<string>();
  private begun = false;

  constructor(
    private readonly folder: string,
    private readonly files: CacheFiles = nodeFiles,
    private readonly lock: CacheLock = new SocketLock(),
  ) {}

  async claim(): Promise<boolean> {
    const found = await this.files.facts(this.folder);
    return found === undefined || this.lock.hold(found.id);
  }

  async read(name: string): Promise<FoundFile | undefined> {
    const path = join(this.folder, name);
    const facts = await this.files.facts(path);
    if (facts === undefined) return undefined;
    if (facts.kind === 'file' && facts.size > MAX_BYTES) throw new Error(`${path} is ${facts.size} bytes long`);
    return { bytes: await this.files.read(path), writtenWallMs: facts.writtenWallMs, stamp: stampOf(facts) };
  }

  async stamp(name: string): Promise<string | undefined> {
    const facts = await this.files.facts(join(this.folder, name));
    return facts && stampOf(facts);
  }

  async write(name: string, bytes: Buffer): Promise<string> {
    await this.prepare();
    const { files } = this;
    const path = join(this.folder, name);
    const aside = `${path}.new`;
    await unless('ENOENT', files.unlink(aside)); // a killed process left it
    let stamp: string;
    try {
      stamp = await this.fill(aside, bytes);
      this.settled = false;
      await files.rename(aside, path);
    } catch (error) {
      await files.unlink(aside).catch(() => {}); // a full disk gets its bytes back
      throw error;
    }
    await this.settle();
    return stamp;
  }

  async moveAside(name: string, to: string): Promise<void> {
    this.settled = false;
    await this.files.rename(join(this.folder, name), join(this.folder, to));
    await this.settle();
  }

  async tighten(names: readonly string[]): Promise<readonly TooOpen[]> {
    const found: TooOpen[] = [];
    const folder = await this.files.facts(this.folder);
    if (folder === undefined || folder.kind !== 'folder') return found;
    if (isOpen(folder)) {
      const entries = await this.files.list(this.folder);
      const others = entries.find((entry) => !OURS.test(entry) && entry !== 'lost+found');
      if (others !== undefined)
        found.push({ path: this.folder, mode: folder.mode, left: `it holds ${others}, which is not the cache's` });
      else {
        const closed = await this.close(this.folder, folder);
        // The kubelet makes it open; while it is empty nobody can have read anything.
        if (entries.length > 0 || closed.left !== undefined) found.push(closed);
      }
    }
    for (const name of names) {
      const path = join(this.folder, name);
      const facts = await this.files.facts(path);
      if (facts?.kind === 'file' && isOpen(facts)) found.push(await this.close(path, facts));
    }
    return found;
  }

  /** Lets another process write here. */
  release(): void {
    this.lock.release();
  }

  private async close(path: string, { mode }: FileFacts): Promise<TooOpen> {
    try {
      await this.files.setMode(path, mode & ~NOT_FOR_OTHERS);
      return { path, mode };
    } catch (error) {
      return { path, mode, left: error instanceof Error ? error.message : String(error) };
    }
  }

  private async fill(aside: string, bytes: Buffer): Promise<string> {
    const file = await this.files.create(aside);
    try {
      for (let done = 0; done < bytes.length; ) {
        const taken = await file.write(bytes, done);
        if (taken === 0) throw new Error('the disk takes no more bytes');
        done += taken;
      }
      await file.sync();
      return stampOf(await file.facts());
    } finally {
      await file.close();
    }
  }

  /**
   * The folder, made and on the disk with all above it that was made for it. A name left by a process that was killed is
   * put on the disk first: what was loaded under it must not be gone when the slot beside it is replaced.
   */
  private async prepare(): Promise<void> {
    const folder = resolve(this.folder);
    const there = await this.files.facts(folder);
    if (there === undefined) await this.make(folder);
    else if (!this.begun) this.owed.add(dirname(folder)); // a process killed before its sync may have made it
    this.begun = true;
    for (const parent of this.owed) {
      await this.files.syncFolder(parent).catch(unlessNotOurs);
      this.owed.delete(parent);
    }
    if (there !== undefined && !this.settled) await this.settle();
  }

  private async make(folder: string): Promise<void> {
    const parent = dirname(folder);
    if (parent !== folder && (await this.files.facts(parent)) === undefined) await this.make(parent);
    await unless('EEXIST', this.files.makeFolder(folder));
    this.owed.add(parent);
  }

  private async settle(): Promise<void> {
    await this.files.syncFolder(this.folder);
    this.settled = true;
  }
}

function isOpen({ mode }: FileFacts): boolean {
  return (mode & NOT_FOR_OTHERS) !== 0;
}

function stampOf({ id, size, writtenWallMs }: FileFacts): string {
  return `${id} ${size} ${writtenWallMs}`;
}

/** What lies above the cache's folder is often another user's, or of a kind that takes no sync. */
function unlessNotOurs(error: unknown): void {
  if (!['EACCES', 'EPERM', 'EROFS', 'EINVAL', 'ENOTSUP'].includes(codeOf(error) ?? '')) throw error;
}

async function unless(code: string, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (codeOf(error) !== code) throw error;
  }
}
