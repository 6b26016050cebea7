import type { LbError } from '@openyurt/nodepool-types';

/** What the disk remembers. */
export interface LoadedSnapshot {
  /** Absent: nothing was ever written, or nothing is readable. */
  readonly text: string | undefined;
  /** The format of the text: the store's own or an older one. */
  readonly format?: number;
  /** What was wrong with the folder or a slot, to be said once. */
  readonly problems: readonly LbError[];
}

/** The figures of the autonomy cache for metrics and the state page. */
export interface CacheFigures {
  readonly generation: bigint;
  readonly bytes: number;
  /** When the newest slot was written, milliseconds since the epoch; undefined: nothing is there. */
  readonly writtenWallMs: number | undefined;
  /** Slots found damaged since the start. */
  readonly damaged: number;
  /** Writes that failed since the start. */
  readonly failures: number;
  /** Writes that came through since the start, and their bytes. */
  readonly writes: number;
  readonly writtenBytes: number;
  /** The disk was asked something and has not answered in time: a thread of this process waits for it. */
  readonly stuck: boolean;
}

/** The autonomy cache: one text, kept over a power cut at any moment. */
export interface SnapshotStore {
  /** Ends within seconds, whatever the disk does. */
  load(): Promise<LoadedSnapshot>;
  /**
   * Ends within seconds, whatever the disk does. One at a time.
   * @throws LbError `LB_CACHE_UNUSABLE`: full, read-only, not ours, silent; `LB_CACHE_SHARED`: another process writes
   * there. What was there before stays.
   */
  save(text: string): Promise<void>;
  readonly figures: CacheFigures;
}
