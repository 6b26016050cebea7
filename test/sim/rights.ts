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
  readonly policy: Scenario['policy'];
}

/** Who may announce what, by the truth that no member has: the API's own, and the LAN as it is. */
export class Rights {
  private known: number[] = [];
  private version = '';

  constructor(private readonly site: Watched) {}

  /** Its offer counts by the API's own truth, whoever looks. */
  stands(member: Member, address: string): boolean {
    const item = member.told.get(address);
    if (member.leaving || item === undefined || isTombstone(item)) return false;
    return !this.site.cloud.isStale(address, item) && this.seesEnough(member);
  }

  /** `splitPolicy: majority`, by the LAN as it is. */
  private seesEnough(member: Member): boolean {
    const { policy, members, lan } = this.site;
    if (policy.splitPolicy === 'always' || members.length < 3) return true;
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
    const { policy, seeds } = this.site;
    if (policy.failBack === 'never' || member.draining || seeds.beats(holder.node, member.node, address)) return true;
    return this.site.lan.time.monotonicMs() - member.bootedMs < policy.minReadySeconds * 1000;
  }

  /** Member → the lowest member that it reaches, over others too, both ways. */
  parts(): readonly number[] {
    const { members, lan } = this.site;
    const version = `${lan.version} ${members.map((m) => (m.isThere ? 1 : 0)).join('')}`;
    if (version === this.version) return this.known;
    this.version = version;
    const parts = members.map((_, i) => i);
    const root = (i: number): number => (parts[i] === i ? i : root(parts[i] ?? i));
    for (const a of members) {
      if (!a.isThere) continue;
      for (const b of members) {
        if (b.index <= a.index || !b.isThere || root(a.index) === root(b.index)) continue;
        if (!lan.reaches(a.machine, b.machine)) continue;
        const [low, high] = [root(a.index), root(b.index)].sort((x, y) => x - y);
        if (low !== undefined && high !== undefined) parts[high] = low;
      }
    }
    this.known = parts.map((_, i) => root(i));
    return this.known;
  }
}
