import { createServer, type Server } from 'node:net';
import { codeOf } from './cache-files.ts';

/** Says that a folder is written by this process. */
export interface CacheLock {
  /** @param id of the folder @returns false while another process holds it */
  hold(id: string): Promise<boolean>;
  release(): void;
}

/**
 * A lock that lives as long as its process and leaves nothing on the disk: a Unix socket with an abstract name, made of
 * the folder's device and inode. Containers that mount one folder on the host's network share that name; process ids and
 * lock files would mean nothing between them. A killed process holds nothing (unix(7), "abstract").
 */
export class SocketLock implements CacheLock {
  private held: { readonly id: string; readonly server: Server } | undefined;

  async hold(id: string): Promise<boolean> {
    if (this.held?.id === id) return true;
    const server = createServer((visitor) => visitor.destroy());
    const taken = await new Promise<boolean>((resolve) => {
      server.once('listening', () => resolve(false));
      // Any other refusal says nothing of a second speaker, and must not cost the cache.
      server.once('error', (error) => resolve(codeOf(error) === 'EADDRINUSE'));
      server.listen(`\0yurtlb-cache-${id}`);
    });
    if (taken) return false;
    server.on('error', () => {});
    server.unref();
    this.release();
    this.held = { id, server };
    return true;
  }

  release(): void {
    this.held?.server.close();
    this.held = undefined;
  }
}
