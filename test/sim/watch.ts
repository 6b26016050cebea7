import { isTombstone, type Offer, type OfferItem, sameUids } from '../../edge-speaker/src/election/offer.ts';
import type { Member } from './member.ts';
import { Rights, type Watched } from './rights.ts';

export type Fault =
  | 'none-answers'
  | 'two-answer'
  | 'split-answer'
  | 'stale-answer'
  | 'unheard-answer'
  | 'claim-without-cause'
  | 'withdrawal-without-cause'
  | 'unrest'
  | 'wrong-owner'
  | 'too-many-messages'
  | 'memory-grows'
  | 'threw';

export interface Violation {
  readonly fault: Fault;
  readonly atMs: number;
  readonly address: string | undefined;
  readonly text: string;
}

/** Effects of one turn run one after the other: what lasts no longer than this was never to be seen on the wire. */
const TURN_MS = 0.01;
/** A stale answer goes when the newer word has arrived. */
const WORD_MS = 100;

interface Condition {
  readonly key: string;
  readonly fault: Fault;
  readonly text: string;
  untilMs(sinceMs: number): number;
}

/** Looks at who answers for what after each change, and at the end of each excuse. */
export class Watch {
  violation: Violation | undefined;
  /** Longest spans in which nobody who could answered, and in which two did, ms. */
  longestNoneMs = 0;
  longestTwoMs = 0;
  changes = 0;
  private readonly spans = new Map<string, Map<string, number>>();
  private readonly checks = new Map<string, number>();
  /** Who announced it and never took that back; some of them are dead. */
  private readonly announcers = new Map<string, Set<number>>();
  private readonly lastSilent = new Map<string, number>();
  readonly rights: Rights;

  constructor(private readonly site: Watched) {
    this.rights = new Rights(site);
  }

  lookAtAll(): void {
    for (const address of this.site.addresses) this.look(address);
  }

  announced(member: Member, address: string): void {
    const { site } = this;
    this.changes++;
    const nowMs = this.nowMs();
    const holder = site.members.find(
      (other) =>
        other !== member &&
        this.rights.holds(other, address) &&
        site.lan.reaches(member.machine, other.machine) &&
        site.excuses.calm(member.index, other.index, nowMs),
    );
    if (holder !== undefined && this.rights.mayNotTake(member, holder, address)) {
      this.fail('claim-without-cause', address, `${member.node} claims what ${holder.node} has by right`);
    }
    const announcers = this.announcers.get(address) ?? new Set();
    this.announcers.set(address, announcers.add(member.index));
    this.look(address);
  }

  withdrew(member: Member, address: string, reason: string): void {
    const { site } = this;
    this.changes++;
    const calm = site.members.every((m) => site.excuses.calm(member.index, m.index, this.nowMs()));
    if (calm && this.rights.stands(member, address)) {
      const other = site.members.find((m) => m !== member && m.answers.has(address) && m.lives);
      if (other === undefined) this.fail('withdrawal-without-cause', address, `${member.node} gives it up (${reason})`);
    }
    this.announcers.get(address)?.delete(member.index);
    this.lastSilent.set(address, member.index);
    this.look(address);
  }

  /** It was stopped for longer than the dead time: others may answer by now, so it may not, before it has heard them. */
  woke(member: Member): void {
    const { members, lan, excuses } = this.site;
    for (const address of member.answers.keys()) {
      const other = members.find((m) => m !== member && m.isThere && m.answers.has(address));
      if (other === undefined || !lan.reaches(member.machine, other.machine)) continue;
      if (excuses.twoFor(member.index, other.index) > this.nowMs()) continue;
      this.fail('unheard-answer', address, `${member.node} goes on answering, and ${other.node} does`);
    }
  }

  look(address: string): void {
    const conditions = this.conditions(address);
    const nowMs = this.nowMs();
    let spans = this.spans.get(address);
    if (spans === undefined) {
      if (conditions.length === 0) return;
      spans = new Map();
      this.spans.set(address, spans);
    }
    for (const [key, sinceMs] of spans) {
      if (conditions.some((condition) => condition.key === key)) continue;
      this.measure(key, nowMs - sinceMs);
      spans.delete(key);
    }
    for (const { key, fault, text, untilMs } of conditions) {
      const sinceMs = spans.get(key) ?? nowMs;
      spans.set(key, sinceMs);
      const until = untilMs(sinceMs);
      if (nowMs >= until) this.fail(fault, address, `${text} for ${(nowMs - sinceMs).toFixed(1)} ms`);
      else this.checkAt(address, until);
    }
  }

  fail(fault: Fault, address: string | undefined, text: string): void {
    this.violation ??= { fault, atMs: this.nowMs(), address, text };
  }

  private conditions(address: string): Condition[] {
    const there = this.site.members.filter((m) => m.isThere);
    const answering = there.filter((m) => m.answers.has(address));
    const conditions = this.none(address, there, answering);
    if (answering.length > 1) conditions.push(...this.two(answering));
    for (const member of answering) conditions.push(...this.stale(address, member, there));
    return conditions;
  }

  private none(address: string, there: readonly Member[], answering: readonly Member[]): Condition[] {
    const { excuses, members, seeds, bounds, policy } = this.site;
    const best = new Map<number, Member>();
    const parts = this.rights.parts();
    const answered = new Set(answering.map((m) => parts[m.index]));
    for (const member of there) {
      const part = parts[member.index] ?? 0;
      if (answered.has(part) || !this.rights.stands(member, address)) continue;
      const other = best.get(part);
      if (other === undefined || seeds.beats(member.node, other.node, address)) best.set(part, member);
    }
    return [...best].map(([part, member]) => ({
      key: `none ${part} ${this.site.lan.version}`,
      fault: 'none-answers' as const,
      text: `${member.node} could answer and nobody does`,
      untilMs: (sinceMs) => {
        // An offer that is new has yet to be heard of.
        let untilMs = Math.max(sinceMs + TURN_MS, member.toldMs + bounds().handOverMs, excuses.noneFor(member.index));
        if (policy.splitPolicy === 'majority') untilMs = Math.max(untilMs, excuses.endMs()); // who is seen is anybody's matter
        for (const other of members) {
          const had =
            this.lastSilent.get(address) === other.index || this.announcers.get(address)?.has(other.index) === true;
          const awaited = had || seeds.beats(other.node, member.node, address);
          if (awaited) untilMs = Math.max(untilMs, excuses.noneFor(member.index, other.index));
        }
        return untilMs;
      },
    }));
  }

  private two(answering: readonly Member[]): Condition[] {
    const { excuses, lan, bounds, policy, members } = this.site;
    const conditions: Condition[] = [];
    const onePart = policy.splitPolicy === 'majority' && members.length >= 3;
    const parts = this.rights.parts();
    for (const a of answering) {
      for (const b of answering) {
        if (b.index <= a.index) continue;
        const reach = lan.reaches(a.machine, b.machine);
        if (!reach && (!onePart || parts[a.index] === parts[b.index])) continue;
        conditions.push({
          key: `two ${a.index} ${b.index}`,
          fault: reach ? 'two-answer' : 'split-answer',
          text: `${a.node} and ${b.node} both answer`,
          untilMs: (sinceMs) => {
            const excused = reach ? excuses.twoFor(a.index, b.index) : excuses.endMs(); // others decide who is the majority
            return Math.max(sinceMs + bounds().handOverMs, excused);
          },
        });
      }
    }
    return conditions;
  }

  /** It answers without proof, and a member that it reaches has proof of newer word. */
  private stale(address: string, member: Member, there: readonly Member[]): Condition[] {
    const offer = member.told.get(address);
    if (offer === undefined || isTombstone(offer) || offer.proven) return [];
    const { excuses, lan, bounds } = this.site;
    const knows = there.find(
      (m) => m.view.proven && lan.reaches(m.machine, member.machine) && contradicts(m.told.get(address), offer),
    );
    if (knows === undefined) return [];
    const heldMs = (sinceMs: number) => sinceMs + WORD_MS + 2 * bounds().handOverMs;
    return [
      {
        key: `stale ${member.index} ${knows.index}`,
        fault: 'stale-answer',
        text: `${member.node} answers by an old view, ${knows.node} knows better`,
        untilMs: (sinceMs) => Math.max(heldMs(sinceMs), excuses.twoFor(member.index, knows.index)),
      },
    ];
  }

  private checkAt(address: string, atMs: number): void {
    const { time } = this.site.lan;
    if ((this.checks.get(address) ?? Infinity) <= atMs) return;
    this.checks.set(address, atMs);
    time.after(atMs - time.monotonicMs() + 1e-3, () => {
      if (this.checks.get(address) === atMs) this.checks.delete(address);
      this.look(address);
    });
  }

  private measure(key: string, ms: number): void {
    if (key.startsWith('none')) this.longestNoneMs = Math.max(this.longestNoneMs, ms);
    if (key.startsWith('two')) this.longestTwoMs = Math.max(this.longestTwoMs, ms);
  }

  private nowMs(): number {
    return this.site.lan.time.monotonicMs();
  }
}

function contradicts(item: OfferItem | undefined, offer: Offer): boolean {
  if (item === undefined || item.rv <= offer.rv) return false;
  return isTombstone(item) || !sameUids(item, offer);
}
