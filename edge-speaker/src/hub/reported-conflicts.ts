import type { ReportedConflictKind } from '@openyurt/nodepool-types';

/** A refused address is over when it was announced for so long: RFC 5227 §2.1.1's late objections have had their time. */
export const SETTLED_MS = 7_000;
/** After its pause a refused address is tried again at once; who has not tried by then leaves the word to another member. */
export const RETRY_GRACE_MS = 10_000;
/** A foreign host that was not heard for so long is gone. Also how long an address that was taken from the NodePool stays refused. */
export const SILENT_MS = 600_000;
/** A conflict that lasts is told again this often, for the time at which it was last seen. */
export const SEEN_AGAIN_MS = 300_000;
/** Who claims every address must not fill the memory; the oldest go. */
export const MOST_CONFLICTS = 256;
/** Of one address: who invents a MAC for each frame must not push out what is known of the others. */
export const MOST_HOSTS = 4;

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
  /** By address, then by MAC: who was heard last stands last. */
  private readonly hosts = new Map<string, Map<string, Entry>>();
  private size = 0;

  /** @param retryMs when it is tried again @returns whether that is news */
  refused(heard: HeardConflict, retryMs: number, nowMs: number): boolean {
    this.withdrawn(heard.address);
    return this.put({ ...heard, kind: 'refused', retryMs }, nowMs);
  }

  /** @returns whether that is news */
  contested(heard: HeardConflict, nowMs: number): boolean {
    return this.put({ ...heard, kind: 'contested' }, nowMs);
  }

  /** Not announced here any more: whoever announces it now will hear those that contested it. */
  withdrawn(address: string): void {
    for (const entry of this.hosts.get(address)?.values() ?? []) if (entry.kind === 'contested') this.delete(entry);
  }

  /** @returns whether any is over */
  sweep(place: ConflictPlace, nowMs: number): boolean {
    const before = this.size;
    for (const entry of this.all()) if (endOf(entry, place) <= nowMs) this.delete(entry);
    return this.size < before;
  }

  /** When the next of them may be over. */
  dueMs(place: ConflictPlace, nowMs: number): number | undefined {
    let due: number | undefined;
    for (const entry of this.all()) {
      const endMs = endOf(entry, place);
      if (endMs > nowMs && (due === undefined || endMs < due)) due = endMs;
    }
    return due;
  }

  clear(): void {
    this.hosts.clear();
    this.size = 0;
  }

  lastOf(address: string): KnownConflict | undefined {
    return [...(this.hosts.get(address)?.values() ?? [])].at(-1);
  }

  /** The last heard first. */
  newestFirst(): KnownConflict[] {
    return [...this.all()].reverse().sort((a, b) => b.lastMs - a.lastMs);
  }

  private *all(): IterableIterator<Entry> {
    for (const hosts of this.hosts.values()) yield* hosts.values();
  }

  private put(heard: Omit<KnownConflict, 'firstMs' | 'lastMs'>, nowMs: number): boolean {
    const before = this.hosts.get(heard.address)?.get(heard.byMac);
    const goesOn = before !== undefined && before.kind === heard.kind;
    const same = goesOn && String(before.services) === String(heard.services);
    const isNews = !same || nowMs - before.toldMs >= SEEN_AGAIN_MS;
    const toldMs = isNews ? nowMs : before.toldMs;
    const firstMs = goesOn ? before.firstMs : nowMs;
    if (before !== undefined) this.delete(before);
    this.add({ ...heard, firstMs, lastMs: nowMs, toldMs });
    return isNews;
  }

  private add(entry: Entry): void {
    const hosts = this.hosts.get(entry.address) ?? new Map<string, Entry>();
    const [first] = hosts.values();
    if (hosts.size >= MOST_HOSTS && first !== undefined) this.delete(first);
    if (this.size >= MOST_CONFLICTS) this.dropOldest();
    this.hosts.set(entry.address, hosts);
    hosts.set(entry.byMac, entry);
    this.size++;
  }

  private dropOldest(): void {
    let oldest: Entry | undefined;
    for (const entry of this.all()) if (oldest === undefined || entry.lastMs < oldest.lastMs) oldest = entry;
    if (oldest !== undefined) this.delete(oldest);
  }

  private delete({ address, byMac }: Entry): void {
    const hosts = this.hosts.get(address);
    if (hosts?.delete(byMac)) this.size--;
    if (hosts?.size === 0) this.hosts.delete(address);
  }
}

function endOf({ address, kind, lastMs, retryMs = lastMs }: Entry, { isOfPool, sinceMs }: ConflictPlace): number {
  if (kind === 'contested' || !isOfPool(address)) return lastMs + SILENT_MS;
  const settledMs = (sinceMs(address) ?? Number.POSITIVE_INFINITY) + SETTLED_MS;
  return Math.min(settledMs, retryMs + RETRY_GRACE_MS);
}
