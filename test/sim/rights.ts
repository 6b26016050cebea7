import { isTombstone } from '../../edge-speaker/src/election/offer.ts';
import type { Seeds } from '../../edge-speaker/src/election/seeds.ts';
import type { Bounds } from './bounds.ts';
import type { Cloud } from './cloud.ts';
import type { Excuses } from './excuses.ts';
import type { Lan } from './lan.ts';
import type { Member } from './member.ts';
import type { Scenario } from './scenario.ts';

export interface Watched {
  readonly lan: Lan;
  readonly cloud: Cloud;
  readonly members: readonly Member[];
  readonly addresses: readonly string[];
  readonly excuses: Excuses;
  readonly bounds: () => Bounds;
  readonly seeds: Seeds;
  readonly policy: () => Scenario['policy'];
}

/** Who may announce what, by the truth that no member has: the API's own, and the LAN as it is. */
export class Rights {
  private known: number[] = [];
  private whole = false;
  private theirs: Member[] = [];
  private version = -1;

  constructor(private readonly site: Watched) {}

  /** Its offer counts by the API's own truth, whoever looks. */
  stands(member: Member, address: string): boolean {
    const item = member.told.get(address);
    if (member.leaving || item === undefined || isTombstone(item)) return false;
    return !this.site.cloud.isStale(address, item) && this.seesEnough(member);
  }

  /** `splitPolicy: majority`, by the LAN as it is. */
  private seesEnough(member: Member): boolean {
    const { members, lan } = this.site;
    if (this.site.policy().splitPolicy === 'always' || members.length < 3) return true;
    const seen = members.filter((m) => m === member || (m.isThere && lan.reaches(m.machine, member.machine)));
    if (2 * seen.length !== members.length) return 2 * seen.length > members.length;
    const lowest = members.map((m) => m.node).sort()[0];
    return seen.some((m) => m.node === lowest);
  }

  /** It has announced it for a while, and its right to it is known to all. */
  holds(member: Member, address: string): boolean {
    const longMs = this.site.bounds().handOverMs;
    const sinceMs = Math.max(member.answers.get(address) ?? Infinity, member.toldMs);
    return (
      member.isThere &&
      !member.draining &&
      this.site.lan.time.monotonicMs() - sinceMs > longMs &&
      this.stands(member, address)
    );
  }

  /** It has the better right, and keeps it. */
  mayNotTake(member: Member, holder: Member, address: string): boolean {
    const { seeds } = this.site;
    const policy = this.site.policy();
    if (policy.failBack === 'never' || member.draining || seeds.beats(holder.node, member.node, address)) return true;
    return this.site.lan.time.monotonicMs() - member.bootedMs < policy.minReadySeconds * 1000;
  }

  /** Those that clients reach. */
  there(): readonly Member[] {
    this.refresh();
    return this.theirs;
  }

  /**
   * Member → the lowest member of its part. Who hears others and is not heard by them is of their part: it cannot know that
   * its heartbeats are lost, and clients that it hears hear the others.
   */
  parts(): readonly number[] {
    this.refresh();
    return this.known;
  }

  /** All that clients reach are in one part. */
  isWhole(): boolean {
    this.refresh();
    return this.whole;
  }

  private refresh(): void {
    const { members, lan } = this.site;
    if (lan.version === this.version) return;
    this.version = lan.version;
    this.theirs = members.filter((m) => m.isThere);
    const parts = members.map((_, i) => i);
    const root = (i: number): number => (parts[i] === i ? i : root(parts[i] ?? i));
    for (const a of this.theirs) {
      for (const b of this.theirs) {
        if (b.index <= a.index || root(a.index) === root(b.index)) continue;
        if (!lan.carries(a.machine, b.machine) && !lan.carries(b.machine, a.machine)) continue;
        const [low, high] = [root(a.index), root(b.index)].sort((x, y) => x - y);
        if (low !== undefined && high !== undefined) parts[high] = low;
      }
    }
    this.known = parts.map((_, i) => root(i));
    this.whole = new Set(this.theirs.map((m) => this.known[m.index])).size <= 1;
  }
}
