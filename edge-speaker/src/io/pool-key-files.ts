import { type FSWatcher, watch } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LbError, type Log, type Timers } from '@openyurt/nodepool-types';
import type { PoolKeySource, RawPoolKey } from '../ports/pool-key-source.ts';

const SETTLE_MS = 50;
/** Beside the watch: a folder that comes late, or a file system without events. */
const REREAD_MS = 10_000;
const MAX_FILE = 256;
const MAX_KEYS = 16;

/**
 * The keys in a mounted Secret: one file each, named by the key's id, holding the base64 of 32 bytes. Read again when
 * the folder changes (a mounted Secret swaps its `..data` link). A file that is no key is reported once and passed over.
 */
export class PoolKeyFiles implements PoolKeySource {
  private keys: readonly RawPoolKey[] = [];
  private readonly listeners = new Set<() => void>();
  private readonly reported = new Set<string>();
  private watcher: FSWatcher | undefined;
  private cancel = (): void => {};
  private closed = false;

  constructor(
    private readonly folder: string,
    private readonly timers: Timers,
    private readonly log: Log,
  ) {}

  /** Reads once, then watches. Never fails: no usable key is an empty list and a line in the log. */
  async start(): Promise<void> {
    await this.read();
  }

  current(): readonly RawPoolKey[] {
    return this.keys;
  }

  onChange(run: () => void): () => void {
    this.listeners.add(run);
    return () => this.listeners.delete(run);
  }

  close(): void {
    this.closed = true;
    this.cancel();
    this.watcher?.close();
  }

  private async read(): Promise<void> {
    const keys: RawPoolKey[] = [];
    const found = await this.names();
    for (const id of found) {
      const key = await this.readKey(id);
      if (key !== undefined) keys.push(key);
    }
    if (this.closed) return;
    if (keys.length === 0) this.report('', 'no usable key');
    else this.reported.delete('');
    const changed = !sameKeys(keys, this.keys);
    this.keys = keys;
    if (changed) for (const run of this.listeners) run();
    this.watch();
    this.readAfter(REREAD_MS);
  }

  private async names(): Promise<string[]> {
    try {
      const names = await readdir(this.folder);
      return names
        .filter((name) => !name.startsWith('.'))
        .sort()
        .slice(-MAX_KEYS);
    } catch (error) {
      this.report('', (error as Error).message);
      return [];
    }
  }

  private async readKey(id: string): Promise<RawPoolKey | undefined> {
    let text: string;
    try {
      text = await readStart(join(this.folder, id));
    } catch (error) {
      return this.report(id, (error as Error).message);
    }
    const encoded = text.trim();
    const secret = Buffer.from(encoded, 'base64');
    if (!/^[-._a-zA-Z0-9]{1,64}$/.test(id)) return this.report(id, 'its name is longer than 64 characters');
    if (secret.length !== 32 || secret.toString('base64') !== encoded) {
      return this.report(id, 'it is not the base64 of 32 bytes');
    }
    this.reported.delete(id);
    return { id, secret };
  }

  private report(id: string, why: string): undefined {
    if (this.reported.has(id)) return undefined;
    this.reported.add(id);
    const error = new LbError(
      'LB_POOL_KEY_UNUSABLE',
      `pool key ${join(this.folder, id)}: ${why}`,
      'Make one with `yurtlb key` and mount the Secret yurtlb-pool-key at that folder.',
    );
    this.log.error(error.message, { code: error.code, remedy: error.remedy });
    return undefined;
  }

  private watch(): void {
    if (this.watcher !== undefined) return;
    try {
      this.watcher = watch(this.folder, () => this.readAfter(SETTLE_MS));
      this.watcher.on('error', () => this.unwatch());
    } catch {
      this.unwatch(); // not there yet: read again later
    }
  }

  private unwatch(): void {
    this.watcher?.close();
    this.watcher = undefined;
  }

  private readAfter(ms: number): void {
    this.cancel();
    if (!this.closed) this.cancel = this.timers.after(ms, () => void this.read());
  }
}

/** A key file is short: what lies beyond is not read. */
async function readStart(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_FILE), 0, MAX_FILE, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

function sameKeys(a: readonly RawPoolKey[], b: readonly RawPoolKey[]): boolean {
  return a.length === b.length && a.every(({ id, secret }, i) => b[i]?.id === id && secret.equals(b[i].secret));
}
