import type { LbError } from '@openyurt/nodepool-types';

/** What the disk remembers. */
export interface LoadedSnapshot {
  /** Absent: nothing was ever written, or nothing is readable. */
  readonly text: string | undefined;
  /** What was wrong with a slot, to be said once. */
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
}

/** The autonomy cache: one text, kept over a power cut at any moment. */
export interface SnapshotStore {
  load(): Promise<LoadedSnapshot>;
  /** @throws LbError `LB_CACHE_UNUSABLE`: full, read-only, not ours; what was there before stays */
  save(text: string): Promise<void>;
  readonly figures: CacheFigures;
}
