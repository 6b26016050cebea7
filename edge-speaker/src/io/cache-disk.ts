import { mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** The few things that the autonomy cache asks of a disk; a test hands in one that is full or torn. */
export interface CacheDisk {
  /** @returns undefined where there is no such file */
  read(name: string): Promise<{ bytes: Buffer; writtenWallMs: number } | undefined>;
  /** The file is there whole after this, or as it was before: written aside, synced, renamed, the folder synced. */
  write(name: string, bytes: Buffer): Promise<void>;
  /** Keeps a file under another name. */
  moveAside(name: string, to: string): Promise<void>;
}

const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_FOLDER = 0o700;

/** A folder of the real file system, made when first needed, readable by its owner only. */
export class FolderDisk implements CacheDisk {
  constructor(private readonly folder: string) {}

  async read(name: string): Promise<{ bytes: Buffer; writtenWallMs: number } | undefined> {
    const path = join(this.folder, name);
    try {
      const bytes = await readFile(path);
      return { bytes, writtenWallMs: (await stat(path)).mtimeMs };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async write(name: string, bytes: Buffer): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: OWNER_ONLY_FOLDER });
    const path = join(this.folder, name);
    const aside = `${path}.new`;
    try {
      const file = await open(aside, 'w', OWNER_ONLY_FILE);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(aside, path);
    } catch (error) {
      await unlink(aside).catch(() => {}); // a full disk gets its bytes back
      throw error;
    }
    await this.syncFolder();
  }

  async moveAside(name: string, to: string): Promise<void> {
    await rename(join(this.folder, name), join(this.folder, to));
    await this.syncFolder();
  }

  /** A rename lives through a power cut only once the folder itself is on the disk. */
  private async syncFolder(): Promise<void> {
    const folder = await open(this.folder, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}
