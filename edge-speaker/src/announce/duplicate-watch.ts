import { LRUCache } from 'lru-cache';

/** A hand-over takes milliseconds, and one round trip more after a lost packet. */
const HAND_OVER_MS = 900;
/** Two members that both announce hear each other at the next refresh, if nothing else is said before. */
const FORGET_REFRESHES = 2;
/** The least: without a refresh, or with a quick one, they still hear each other when one takes something or defends it. */
const FORGET_LEAST_MS = 120_000;
/** One entry for each announced address is enough: members are few. */
const REMEMBERED = 8192;

interface Heard {
  readonly byMac: string;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Tells two owners from a hand-over: the same member, heard again when it should long have been settled. */
export class DuplicateWatch {
  private readonly heard = new LRUCache<string, Heard>({ max: REMEMBERED });
  private forgetMs = FORGET_LEAST_MS;

  /** @param refreshMs 0: the site wants none */
  constructor(refreshMs: number) {
    this.retime(refreshMs);
  }

  retime(refreshMs: number): void {
    this.forgetMs = Math.max(FORGET_LEAST_MS, FORGET_REFRESHES * refreshMs);
  }

  /**
   * A member was heard to announce an address that we announce.
   *
   * @returns for how many milliseconds both have announced it, or undefined: it may be a hand-over still
   */
  hear(address: string, byMac: string, nowMs: number): number | undefined {
    const before = this.heard.get(address);
    const goesOn = before !== undefined && before.byMac === byMac && nowMs - before.lastMs < this.forgetMs;
    const firstMs = goesOn ? before.firstMs : nowMs;
    this.heard.set(address, { byMac, firstMs, lastMs: nowMs });
    return nowMs - firstMs >= HAND_OVER_MS ? nowMs - firstMs : undefined;
  }

  /** The member that announces it beside us, as far as was heard lately. @returns its MAC */
  other(address: string, nowMs: number): string | undefined {
    const heard = this.heard.peek(address);
    if (heard === undefined || nowMs - heard.lastMs >= this.forgetMs) return undefined;
    return heard.lastMs - heard.firstMs >= HAND_OVER_MS ? heard.byMac : undefined;
  }

  /** We fell silent, or said it once more because the pool settled it. */
  forget(address: string): void {
    this.heard.delete(address);
  }
}
