import type { Clock, Log, Timers } from '@openyurt/nodepool-types';
import { SnapshotWriter } from '../io/snapshot-writer.ts';
import type { Catalogue } from '../offline/catalogue.ts';
import { encodeCatalogue, restoreCatalogue } from '../offline/catalogue-snapshot.ts';
import type { SnapshotStore } from '../ports/snapshot-store.ts';

/** Lists come one after the other, and bulk changes in a bunch. */
const GATHER_MS = 5_000;
/** Written far more seldom than the view that decides: it is only for people. */
const BETWEEN_MS = 60_000;
/** Under a gigabyte a day, also where a large cluster never rests. */
const BYTES_PER_SECOND = 10_000;

export interface KeeperParts {
  readonly catalogue: Catalogue;
  readonly nodeName: string;
  readonly store: SnapshotStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
}

/**
 * Keeps the catalogue over a restart without the cloud. It is read after announcing has begun, and whatever is wrong with
 * its file is said and no more.
 */
export class CatalogueKeeper {
  private writer: SnapshotWriter | undefined;
  private gathering = false;

  constructor(private readonly parts: KeeperParts) {}

  /** Never throws. */
  async start(): Promise<void> {
    const { catalogue, nodeName, store, clock, timers, log } = this.parts;
    let restored = false;
    try {
      const { text, problems } = await store.load();
      for (const err of problems) log.warn('catalogue of the local API', { err });
      if (text !== undefined) {
        const steps = restoreCatalogue(text, nodeName, catalogue, clock.monotonicMs());
        for (const _ of steps) await new Promise<void>((resolve) => timers.after(0, resolve));
      }
      restored = text !== undefined && catalogue.changes === 0;
    } catch (error) {
      log.warn('catalogue of the local API not used', { err: (error as Error).message });
    }
    const fingerprint = () => String(catalogue.changes);
    this.writer = new SnapshotWriter(
      {
        ...{ store, clock, timers, log, betweenMs: BETWEEN_MS, bytesPerSecond: BYTES_PER_SECOND },
        encode: () => ({ text: encodeCatalogue(catalogue, nodeName), fingerprint: fingerprint() }),
        whole: () => true,
      },
      restored ? fingerprint() : undefined,
    );
    if (!restored && catalogue.changes > 0) this.touch();
  }

  /** The catalogue changed. */
  touch(): void {
    const { writer } = this;
    if (writer === undefined || this.gathering) return;
    this.gathering = true;
    this.parts.timers.after(GATHER_MS, () => {
      this.gathering = false;
      if (this.writer === writer) writer.touch();
    });
  }

  /** Writes what is not written. Never throws. */
  async stop(): Promise<void> {
    const { writer } = this;
    this.writer = undefined;
    if (this.parts.catalogue.changes > 0) await writer?.flush();
  }
}
