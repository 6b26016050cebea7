import { type Clock, LbError, type Log, type Timers } from '@openyurt/nodepool-types';
import type { SnapshotStore } from '../ports/snapshot-store.ts';

/** What changes together is written together: a Service and, some milliseconds later, its address. */
const GATHER_MS = 250;
const BETWEEN_MS = 5_000;
/** When the cloud goes away, what is not written yet must not wait: it may be long until it can be asked again. */
const BETWEEN_AT_LOSS_MS = 1_000;
/** The first write waits this long for every list: half a view on an empty disk is better than none, a whole one better still. */
const WHOLE_WITHIN_MS = 10_000;
/** A full disk is tried again at this pace, also while nothing changes. */
const RETRY_MS = 30_000;

export interface WriterParts {
  readonly store: SnapshotStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** The view now; the write is left out where the fingerprint is the one last written. */
  readonly encode: () => { readonly text: string; readonly fingerprint: string };
  /** Whether every list was adopted once, in this process or in the one that wrote the disk. */
  readonly whole: () => boolean;
}

/**
 * Writes the view seldom and only where it says something new: edge nodes run from SD cards.
 *
 * A change after a quiet spell is on the disk within a quarter of a second; after that at most one write comes per 5 s.
 * When the cloud link is lost (in doubt, or offline), a view not yet written goes to the disk at once, or 1 s after the
 * write before it. So two writes are never closer than 1 s, and that close only where the link was lost and something had
 * changed. The first write to an empty disk waits for the whole view, 10 s at most. What a crash can lose while connected
 * is the changes of the last 5 s.
 */
export class SnapshotWriter {
  private cancel: (() => void) | undefined;
  private dueMs = Number.POSITIVE_INFINITY;
  private triedMs = Number.NEGATIVE_INFINITY;
  /** Something may have changed since the last write began. */
  private dirty = false;
  private first = true;
  private failing = false;
  private running: Promise<void> = Promise.resolve();
  private readonly startMs: number;

  /** @param written the fingerprint of what was loaded */
  constructor(
    private readonly parts: WriterParts,
    private written: string | undefined,
  ) {
    this.startMs = parts.clock.monotonicMs();
  }

  /** Something may have changed. */
  touch(): void {
    this.dirty = true;
    const { clock, whole } = this.parts;
    const soonMs = clock.monotonicMs() + GATHER_MS;
    if (this.failing) return; // the next try is set
    if (this.first && !whole()) this.at(Math.max(soonMs, this.startMs + WHOLE_WITHIN_MS));
    else this.at(Math.max(soonMs, this.triedMs + BETWEEN_MS));
  }

  /** The cloud link is no longer connected. */
  linkLost(): void {
    if (this.dirty && !this.failing)
      this.at(Math.max(this.parts.clock.monotonicMs(), this.triedMs + BETWEEN_AT_LOSS_MS));
  }

  /** Writes what is not written yet. Never throws. */
  async flush(): Promise<void> {
    this.stop();
    this.running = this.running.then(() => this.write());
    await this.running;
  }

  stop(): void {
    this.cancel?.();
    this.cancel = undefined;
    this.dueMs = Number.POSITIVE_INFINITY;
  }

  /** The earlier of two times holds. */
  private at(dueMs: number): void {
    if (dueMs >= this.dueMs) return;
    const { clock, timers } = this.parts;
    this.cancel?.();
    this.dueMs = dueMs;
    this.cancel = timers.after(Math.max(0, dueMs - clock.monotonicMs()), () => void this.flush());
  }

  private async write(): Promise<void> {
    const { store, clock, log, encode } = this.parts;
    this.dirty = false;
    const { text, fingerprint } = encode();
    if (fingerprint === this.written) return;
    this.first = false;
    this.triedMs = clock.monotonicMs();
    try {
      await store.save(text);
      this.written = fingerprint;
      if (this.failing) log.info('autonomy cache written again');
      this.failing = false;
    } catch (err) {
      if (!this.failing) log.error('autonomy cache not written', { err: err instanceof LbError ? err : String(err) });
      this.failing = true;
      this.at(this.triedMs + RETRY_MS);
    }
  }
}
