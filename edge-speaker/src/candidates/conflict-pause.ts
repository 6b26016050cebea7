/** Pause after a conflict before the address is offered again; doubles up to the longest. */
export const PAUSE_MIN_MS = 10_000;
export const PAUSE_MAX_MS = 300_000;
/** An address that met no conflict for this long starts from the shortest pause again. */
const FORGET_MS = 3_600_000;
/** One Event for the same address, MAC and Services in this time. */
const REPORT_MS = 600_000;
/** Of one address in that time: who invents a MAC for each frame must not have an Event for each written. */
const MOST_TOLD = 8;

interface Conflict {
  readonly byMac: string;
  readonly times: number;
  readonly atMs: number;
  readonly untilMs: number;
}

/** Addresses that another host was seen to own: not offered for a while, then probed again. */
export class ConflictPause {
  private readonly conflicts = new Map<string, Conflict>();
  /** By what happened where, then by the words. */
  private readonly reported = new Map<string, Map<string, number>>();
  /** As {@link takeTurned} said last. */
  private paused = new Set<string>();

  /** @returns milliseconds until the address is offered again */
  pause(address: string, byMac: string, nowMs: number): number {
    const before = this.conflicts.get(address);
    const times = before !== undefined && nowMs - before.atMs < FORGET_MS ? before.times + 1 : 1;
    const pauseMs = Math.min(PAUSE_MAX_MS, PAUSE_MIN_MS * 2 ** (times - 1));
    this.conflicts.set(address, { byMac, times, atMs: nowMs, untilMs: nowMs + pauseMs });
    return pauseMs;
  }

  isPaused(address: string, nowMs: number): boolean {
    const conflict = this.conflicts.get(address);
    return conflict !== undefined && nowMs < conflict.untilMs;
  }

  /** Addresses whose pause has begun or ended since the last call. */
  takeTurned(nowMs: number): string[] {
    const { paused } = this;
    this.paused = new Set([...this.conflicts.keys()].filter((address) => this.isPaused(address, nowMs)));
    return [
      ...[...paused].filter((one) => !this.paused.has(one)),
      ...[...this.paused].filter((one) => !paused.has(one)),
    ];
  }

  /** When the next pause ends; undefined: none runs. */
  nextEndMs(nowMs: number): number | undefined {
    let next: number | undefined;
    for (const { untilMs } of this.conflicts.values()) {
      if (untilMs > nowMs && (next === undefined || untilMs < next)) next = untilMs;
    }
    return next;
  }

  /**
   * Whether this is news, and not the same again. Counts as told.
   *
   * @param subject what happened, and where @param words by whom, and to whom
   */
  isNews(subject: string, words: string, nowMs: number): boolean {
    const told = this.reported.get(subject) ?? new Map<string, number>();
    dropOld(told, nowMs);
    if (told.has(words) || told.size >= MOST_TOLD) return false;
    this.reported.set(subject, told.set(words, nowMs));
    return true;
  }

  /** Forgets all but these addresses, which bounds both tables by the NodePool's own addresses and old news. */
  keep(wanted: (address: string) => boolean, nowMs: number): void {
    for (const [address, { atMs }] of this.conflicts) {
      if (!wanted(address) || nowMs - atMs >= FORGET_MS) this.conflicts.delete(address);
    }
    for (const [subject, told] of this.reported) {
      dropOld(told, nowMs);
      if (told.size === 0) this.reported.delete(subject);
    }
  }
}

function dropOld(told: Map<string, number>, nowMs: number): void {
  for (const [words, atMs] of told) if (nowMs - atMs >= REPORT_MS) told.delete(words);
}
