import type { Judged } from './candidate-index.ts';

/** For this long, and while it is probed, members may still take a new address from one another, each on hearing of it a little later. */
const SPREAD_MS = 1_000;

/** What the age of an address is measured by. */
export interface Newness {
  /** How long probing takes in this site. */
  readonly probingMs: number;
  /** How long after its first announcement an objection still counts (RFC 5227 §2.1.1). */
  readonly objectionMs: number;
  /** Whether another member claims it now, and goes on offering it. */
  readonly isHeldElsewhere: (address: string) => boolean;
}

/**
 * Addresses that nobody was known to have announced when they came, and when that was. One is no longer new when somebody
 * has it after the time for objections: a member that met one in that time gives the address up, and who takes it then must
 * ask the LAN anew.
 */
export class NewAddresses {
  private readonly sinceMs = new Map<string, number>();

  update(judged: readonly Judged[], announced: ReadonlySet<string>, nowMs: number): void {
    for (const { address, before, after } of judged) {
      if (after === undefined) this.sinceMs.delete(address);
      else if (before === undefined && !announced.has(address)) this.sinceMs.set(address, nowMs);
    }
  }

  /** @param isAnnounced whether this node announces it @returns addresses that are not new any more */
  takeSettled({ probingMs, objectionMs, isHeldElsewhere }: Newness, isAnnounced: Has, nowMs: number): string[] {
    const settled: string[] = [];
    for (const [address, sinceMs] of this.sinceMs) {
      if (nowMs - sinceMs < SPREAD_MS + probingMs + objectionMs) continue;
      if (isAnnounced(address) || isHeldElsewhere(address)) settled.push(address);
    }
    for (const address of settled) this.sinceMs.delete(address);
    return settled;
  }

  /** When the next of them may have settled; undefined: at the next fact at the earliest. */
  dueMs({ probingMs, objectionMs }: Newness, nowMs: number): number | undefined {
    for (const sinceMs of this.sinceMs.values()) {
      // in the order in which they came
      const dueMs = sinceMs + SPREAD_MS + probingMs + objectionMs;
      if (dueMs > nowMs) return dueMs;
    }
    return undefined;
  }

  clear(): void {
    this.sinceMs.clear();
  }

  has(address: string): boolean {
    return this.sinceMs.has(address);
  }

  /**
   * Whether the LAN must be asked: whoever has it may still be asking, or nobody has it.
   *
   * @param isOwn this node has announced it until now, or until a moment ago
   */
  mustProbe(address: string, isOwn: boolean, { probingMs, isHeldElsewhere }: Newness, nowMs: number): boolean {
    const sinceMs = this.sinceMs.get(address);
    if (sinceMs === undefined) return false;
    return nowMs - sinceMs < SPREAD_MS + probingMs || !(isOwn || isHeldElsewhere(address));
  }
}

type Has = (address: string) => boolean;
