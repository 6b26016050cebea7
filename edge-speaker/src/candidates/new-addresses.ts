import type { Judged } from './candidate-index.ts';

/** For this long, and while it is probed, members may still take a new address from one another, each on hearing of it a little later. */
const SPREAD_MS = 1_000;
/** Who has claimed a new address for this much longer than probing takes has asked for it, also on a busy machine. */
const ASKED_MARGIN_MS = 250;
/** Addresses looked at in one turn: a site of thousands has them all settle at once. */
const LOOKED_PER_TURN = 128;

/** What the age of an address is measured by. */
export interface Newness {
  /** How long probing takes in this site. */
  readonly probingMs: number;
  /** How long after its first announcement an objection still counts (RFC 5227 §2.1.1). */
  readonly objectionMs: number;
  /**
   * How long another member has held it, goes on offering it, and has not been heard to take it back; also one that died a
   * moment ago. undefined: nobody has.
   */
  heldElsewhereMs(address: string): number | undefined;
  /** How long this node has announced it. */
  announcedMs(address: string): number | undefined;
}

interface Entry {
  /** When it is looked at next. */
  readonly checkMs: number;
  /** This node announced it when it was withdrawn here last. */
  wasAnnounced: boolean;
}

/**
 * Addresses that the LAN must be asked for: nobody was known to have announced them when they came, or another host objected
 * since. One is no longer new when somebody, this node or another, has held it for the time in which objections count.
 * While it is new, who takes it from a member that has it, or that died with it, does not ask: a hand-over and a failover
 * never wait. Who takes what another member gave up does.
 */
export class NewAddresses {
  /** In the order in which they are looked at. */
  private readonly entries = new Map<string, Entry>();

  /** @param announced what somebody is known to have announced before */
  update(judged: readonly Judged[], announced: ReadonlySet<string>, newness: Newness, nowMs: number): void {
    for (const { address, before, after } of judged) {
      if (after === undefined) this.entries.delete(address);
      else if (before === undefined && !announced.has(address)) this.add(address, newness, nowMs);
    }
  }

  /** Another host objected to it here: it is new again. */
  refused(address: string, newness: Newness, nowMs: number): void {
    this.add(address, newness, nowMs);
  }

  /** @param wasAnnounced false: this node was asking for it still */
  withdrawn(address: string, wasAnnounced: boolean): void {
    const entry = this.entries.get(address);
    if (entry !== undefined) entry.wasAnnounced = wasAnnounced;
  }

  /** @returns addresses that are not new any more, as many as one turn has room for */
  takeSettled(newness: Newness, nowMs: number): string[] {
    const settled: string[] = [];
    let looked = 0;
    for (const [address, { checkMs, wasAnnounced }] of this.entries) {
      if (checkMs > nowMs || looked++ === LOOKED_PER_TURN) break;
      this.entries.delete(address);
      if (isSettled(address, newness)) settled.push(address);
      else this.add(address, newness, nowMs, wasAnnounced);
    }
    return settled;
  }

  /** When the next of them is looked at. */
  dueMs(): number | undefined {
    for (const { checkMs } of this.entries.values()) return checkMs;
    return undefined;
  }

  clear(): void {
    this.entries.clear();
  }

  has(address: string): boolean {
    return this.entries.has(address);
  }

  /**
   * Whether the LAN must be asked: whoever has it may still be asking, or nobody has it.
   *
   * @param resumed it was withdrawn here a moment ago, and nobody has announced it since
   */
  mustProbe(address: string, resumed: boolean, newness: Newness): boolean {
    const entry = this.entries.get(address);
    if (entry === undefined || (resumed && entry.wasAnnounced)) return false;
    if (newness.announcedMs(address) !== undefined) return false;
    const heldMs = newness.heldElsewhereMs(address);
    return heldMs === undefined || heldMs < ASKED_MARGIN_MS + newness.probingMs;
  }

  private add(address: string, { probingMs, objectionMs }: Newness, nowMs: number, wasAnnounced = false): void {
    this.entries.delete(address);
    this.entries.set(address, { checkMs: nowMs + SPREAD_MS + probingMs + objectionMs, wasAnnounced });
  }
}

/** A member claims an address before it asks for it, this node announces it afterwards. */
function isSettled(address: string, { probingMs, objectionMs, heldElsewhereMs, announcedMs }: Newness): boolean {
  if ((announcedMs(address) ?? 0) >= objectionMs) return true;
  return (heldElsewhereMs(address) ?? 0) >= probingMs + objectionMs;
}
