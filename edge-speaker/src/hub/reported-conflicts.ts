import type { ReportedConflictKind } from '@openyurt/nodepool-types';

/** A refused address is over when it was announced for so long: RFC 5227 §2.1.1's late objections have had their time. */
export const SETTLED_MS = 7_000;
/** After its pause a refused address is tried again at once; who has not tried by then leaves the word to another member. */
export const RETRY_GRACE_MS = 10_000;
/** A foreign host that was not heard for so long is gone. Also how long an address that was taken from the NodePool stays refused. */
export const SILENT_MS = 600_000;
/** A conflict that lasts is told again this often, for the time at which it was last seen. */
export const SEEN_AGAIN_MS = 300_000;
/** Who invents a MAC for each frame must not fill the memory; the oldest go. */
export const MOST_CONFLICTS = 256;

export interface HeardConflict {
  readonly address: string;
  readonly byMac: string;
  readonly link: string;
  /** UIDs of the Services that hold the address. */
  readonly services: readonly string[];
}

/** Times are monotonic milliseconds. */
export interface KnownConflict extends HeardConflict {
  readonly kind: ReportedConflictKind;
  readonly firstMs: number;
  readonly lastMs: number;
  /** When the address is offered again; of refused ones. */
  readonly retryMs?: number;
}

interface Entry extends KnownConflict {
  /** When it was last told for its own sake. */
  readonly toldMs: number;
}

/** Where an address stands beside its conflict. */
export interface ConflictPlace {
  readonly isOfPool: (address: string) => boolean;
  /** Since when this node announces it. */
  readonly sinceMs: (address: string) => number | undefined;
}

/** Hosts outside the NodePool that use its addresses, from when they are heard until it is over. By address and MAC. */
export class ReportedConflicts {
  private readonly entries = new Map<string, Entry>();

  /** @param retryMs when it is tried again @returns whether that is news */
  refused(heard: HeardConflict, retryMs: number, nowMs: number): boolean {
    for (const [key, entry] of this.entries) {
      if (entry.address === heard.address && entry.kind === 'contested') this.entries.delete(key);
    }
    return this.put({ ...heard, kind: 'refused', retryMs }, nowMs);
  }

  /** @returns whether that is news */
  contested(heard: HeardConflict, nowMs: number): boolean {
    return this.put({ ...heard, kind: 'contested' }, nowMs);
  }

  /** Not announced here any more: whoever announces it now will hear that host. */
  withdrawn(address: string): void {
    for (const [key, entry] of this.entries) {
      if (entry.address === address && entry.kind === 'contested') this.entries.delete(key);
    }
  }

  /** @returns whether any is over */
  sweep(place: ConflictPlace, nowMs: number): boolean {
    const before = this.entries.size;
    for (const [key, entry] of this.entries) {
      if (endOf(entry, place) <= nowMs) this.entries.delete(key);
    }
    return this.entries.size < before;
  }

  /** When the next of them may be over. */
  dueMs(place: ConflictPlace, nowMs: number): number | undefined {
    let due: number | undefined;
    for (const entry of this.entries.values()) {
      const endMs = endOf(entry, place);
      if (endMs > nowMs && (due === undefined || endMs < due)) due = endMs;
    }
    return due;
  }

  clear(): void {
    this.entries.clear();
  }

  lastOf(address: string): KnownConflict | undefined {
    let last: Entry | undefined;
    for (const entry of this.entries.values()) {
      if (entry.address === address && (last === undefined || entry.lastMs >= last.lastMs)) last = entry;
    }
    return last;
  }

  all(): IterableIterator<KnownConflict> {
    return this.entries.values();
  }

  private put(heard: Omit<KnownConflict, 'firstMs' | 'lastMs'>, nowMs: number): boolean {
    const key = `${heard.address} ${heard.byMac}`;
    const before = this.entries.get(key);
    const goesOn = before !== undefined && before.kind === heard.kind;
    const same = goesOn && String(before.services) === String(heard.services);
    const isNews = !same || nowMs - before.toldMs >= SEEN_AGAIN_MS;
    const toldMs = isNews ? nowMs : before.toldMs;
    const firstMs = goesOn ? before.firstMs : nowMs;
    this.entries.delete(key); // the last heard stand last
    this.entries.set(key, { ...heard, firstMs, lastMs: nowMs, toldMs });
    const [oldest] = this.entries.keys();
    if (this.entries.size > MOST_CONFLICTS && oldest !== undefined) this.entries.delete(oldest);
    return isNews;
  }
}

function endOf({ address, kind, lastMs, retryMs = lastMs }: Entry, { isOfPool, sinceMs }: ConflictPlace): number {
  if (kind === 'contested' || !isOfPool(address)) return lastMs + SILENT_MS;
  const settledMs = (sinceMs(address) ?? Number.POSITIVE_INFINITY) + SETTLED_MS;
  return Math.min(settledMs, retryMs + RETRY_GRACE_MS);
}
