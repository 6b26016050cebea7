import { type Clock, LbError, type Log, type Timers } from '@openyurt/nodepool-types';
import type { SnapshotStore } from '../ports/snapshot-store.ts';

/** What changes together is written together: a Service and, some milliseconds later, its address. */
const GATHER_MS = 250;
/** The pace of the view. */
export const VIEW_BETWEEN_MS = 5_000;
/** When the cloud goes away, what is not written yet must not wait: it may be long until it can be asked again. */
const BETWEEN_AT_LOSS_MS = 1_000;
/** The first write waits this long for every list: half a view on an empty disk is better than none, a whole one better still. */
const WHOLE_WITHIN_MS = 10_000;
/** A full disk is tried again at this pace, also while nothing changes. */
const RETRY_MS = 30_000;
/** A process that leaves waits no longer for its disk. */
const LEAVE_WITHIN_MS = 1_000;

export interface WriterParts {
  readonly store: SnapshotStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** The view now; the write is left out where the fingerprint is the one last written. */
  readonly encode: () => { readonly text: string; readonly fingerprint: string };
  /** Whether every list was adopted once, in this process or in the one that wrote the disk. */
  readonly whole: () => boolean;
  /** No two writes are closer while the cloud is there. */
  readonly betweenMs: number;
  /** A text that would exceed it at that pace waits longer for the next one: flash wears by the byte. */
  readonly bytesPerSecond?: number;
}

/**
 * Writes the view seldom and only where it says something new: edge nodes run from SD cards.
 *
 * A change after a quiet spell is on the disk within a quarter of a second; after that at most one write comes per
 * `betweenMs` (5 s for the view).
 * When the cloud link is lost (in doubt, or offline), a view not yet written goes to the disk at once, or 1 s after the
 * write before it. Such a write is made in advance: the next one waits for both spells. So in any time there is one write
 * per `betweenMs` and one more, however the link flaps. The first write to an empty disk waits for the whole view, 10 s at most. What a crash can lose while connected
 * is the changes of that time.
 */
export class SnapshotWriter {
  private cancel: (() => void) | undefined;
  private dueMs = Number.POSITIVE_INFINITY;
  private triedMs = Number.NEGATIVE_INFINITY;
  /** From when on a write is not one in advance. */
  private freeMs = Number.NEGATIVE_INFINITY;
  /** What the last write adds to that. */
  private paceMs: number;
  /** Something may have changed since the last write began. */
  private dirty = false;
  private first = true;
  /** The code of what was last said to be wrong. */
  private failing: string | undefined;
  private running: Promise<void> = Promise.resolve();
  private readonly startMs: number;

  /** @param written the fingerprint of what was loaded */
  constructor(
    private readonly parts: WriterParts,
    private written: string | undefined,
  ) {
    this.startMs = parts.clock.monotonicMs();
    this.paceMs = parts.betweenMs;
  }

  /** Something may have changed. */
  touch(): void {
    this.dirty = true;
    const { clock, whole } = this.parts;
    const soonMs = clock.monotonicMs() + GATHER_MS;
    if (this.failing !== undefined) return; // the next try is set
    if (this.first && !whole()) this.at(Math.max(soonMs, this.startMs + WHOLE_WITHIN_MS));
    else this.at(Math.max(soonMs, this.freeMs));
  }

  /** The cloud link is no longer connected. */
  linkLost(): void {
    if (!this.dirty || this.failing !== undefined) return;
    const nowMs = this.parts.clock.monotonicMs();
    this.at(Math.max(nowMs, this.triedMs + BETWEEN_AT_LOSS_MS, this.freeMs - this.paceMs));
  }

  /** Writes what is not written yet, before the process leaves; waits a second for it at most. Never throws. */
  async flush(): Promise<void> {
    let cancel = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = this.parts.timers.after(LEAVE_WITHIN_MS, resolve);
    });
    await Promise.race([this.begin(), late]);
    cancel();
  }

  stop(): void {
    this.cancel?.();
    this.cancel = undefined;
    this.dueMs = Number.POSITIVE_INFINITY;
  }

  private begin(): Promise<void> {
    this.stop();
    this.running = this.running.then(() => this.write());
    return this.running;
  }

  /** The earlier of two times holds. */
  private at(dueMs: number): void {
    if (dueMs >= this.dueMs) return;
    const { clock, timers } = this.parts;
    this.cancel?.();
    this.dueMs = dueMs;
    this.cancel = timers.after(Math.max(0, dueMs - clock.monotonicMs()), () => void this.begin());
  }

  private async write(): Promise<void> {
    const { store, clock, log, encode, betweenMs, bytesPerSecond = Number.POSITIVE_INFINITY } = this.parts;
    this.dirty = false;
    try {
      const now = encode();
      if (now.fingerprint === this.written) return;
      this.first = false;
      this.triedMs = clock.monotonicMs();
      const { text } = now;
      this.paceMs = Math.max(betweenMs, (text.length / bytesPerSecond) * 1000);
      this.freeMs = Math.max(this.freeMs, this.triedMs) + this.paceMs;
      await store.save(text);
      this.written = now.fingerprint;
      if (this.failing !== undefined) log.info('autonomy cache written again');
      this.failing = undefined;
    } catch (err) {
      const code = err instanceof LbError ? err.code : 'unknown';
      if (this.failing !== code)
        log.error('autonomy cache not written', { err: err instanceof LbError ? err : String(err) });
      this.failing = code;
      this.at(clock.monotonicMs() + RETRY_MS);
    }
  }
}
