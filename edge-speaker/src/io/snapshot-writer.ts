import { LbError, type Log, type Timers } from '@openyurt/nodepool-types';
import type { SnapshotStore } from '../ports/snapshot-store.ts';

/** The first write comes soon, so that a crash right after the first adoption loses nothing; later ones are spread. */
const FIRST_MS = 100;
const BETWEEN_MS = 5_000;
/** A full disk is tried again at this pace, also while nothing changes. */
const RETRY_MS = 30_000;

export interface WriterParts {
  readonly store: SnapshotStore;
  readonly timers: Timers;
  readonly log: Log;
  /** The view now; the write is left out where the fingerprint is the one last written. */
  readonly encode: () => { readonly text: string; readonly fingerprint: string };
}

/** Writes the view seldom and only where it says something new: edge nodes run from SD cards. */
export class SnapshotWriter {
  private written: string | undefined;
  private cancel: (() => void) | undefined;
  private first = true;
  private failing = false;
  private running: Promise<void> = Promise.resolve();

  /** @param written the fingerprint of what was loaded */
  constructor(
    private readonly parts: WriterParts,
    written: string | undefined,
  ) {
    this.written = written;
  }

  /** Something may have changed. */
  touch(): void {
    if (this.cancel !== undefined) return;
    this.schedule(this.first ? FIRST_MS : BETWEEN_MS);
  }

  /** Writes what is not written yet. Never throws. */
  async flush(): Promise<void> {
    this.cancel?.();
    this.cancel = undefined;
    this.running = this.running.then(() => this.write());
    await this.running;
  }

  stop(): void {
    this.cancel?.();
    this.cancel = undefined;
  }

  private schedule(ms: number): void {
    this.cancel = this.parts.timers.after(ms, () => {
      this.cancel = undefined;
      void this.flush();
    });
  }

  private async write(): Promise<void> {
    const { store, log, encode } = this.parts;
    const { text, fingerprint } = encode();
    if (fingerprint === this.written) return;
    this.first = false;
    try {
      await store.save(text);
      this.written = fingerprint;
      if (this.failing) log.info('autonomy cache written again');
      this.failing = false;
    } catch (err) {
      if (!this.failing) log.error('autonomy cache not written', { err: err instanceof LbError ? err : String(err) });
      this.failing = true;
      if (this.cancel === undefined) this.schedule(RETRY_MS);
    }
  }
}
