import { HAND_OVER_MS } from '../../edge-speaker/src/election/holding.ts';
import { isTombstone, type Offer, type OfferItem, sameUids } from '../../edge-speaker/src/election/offer.ts';
import type { Condition } from './fault.ts';
import type { Member } from './member.ts';
import type { Rights, Watched } from './rights.ts';

/** Effects of one turn run one after the other: what lasts no longer than this was never to be seen on the wire. */
const TURN_MS = 0.01;
/** A stale answer goes when the newer word has arrived; where a third member is taken for the successor, after the hand-over. */
const WORD_MS = 100 + HAND_OVER_MS;

/** What is not as it should be with one address right now, and how long each of it may last. */
export class Conditions {
  /** Who announced it and never took that back; some of them are dead. */
  readonly announcers = new Map<string, Set<number>>();
  readonly lastSilent = new Map<string, number>();

  constructor(
    private readonly site: Watched,
    private readonly rights: Rights,
  ) {}

  of(address: string): Condition[] {
    const there = this.rights.there();
    const answering = there.filter((m) => m.answers.has(address));
    const conditions = this.none(address, there, answering);
    if (answering.length > 1) conditions.push(...this.two(answering));
    for (const member of answering) conditions.push(...this.stale(address, member, there));
    return conditions;
  }

  private none(address: string, there: readonly Member[], answering: readonly Member[]): Condition[] {
    const { excuses, members, seeds, bounds, policy } = this.site;
    const parts = this.rights.parts();
    const [one] = answering;
    if (one !== undefined && this.rights.isWhole()) return [];
    const best = new Map<number, Member>();
    const answered = new Set(answering.map((m) => parts[m.index]));
    for (const member of there) {
      const part = parts[member.index] ?? 0;
      if (answered.has(part) || !this.rights.stands(member, address)) continue;
      const other = best.get(part);
      if (other === undefined || seeds.beats(member.node, other.node, address)) best.set(part, member);
    }
    return [...best].map(([part, member]) => ({
      key: `none ${part}`,
      fault: 'none-answers' as const,
      text: `${member.node} could answer and nobody does`,
      untilMs: (sinceMs) => {
        // An offer that is new has yet to be heard of.
        let untilMs = Math.max(sinceMs + TURN_MS, member.toldMs + bounds().handOverMs, excuses.noneFor(member.index));
        if (policy().splitPolicy === 'majority') untilMs = Math.max(untilMs, excuses.endMs()); // who is seen is anybody's matter
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
    const onePart = policy().splitPolicy === 'majority' && members.length >= 3;
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
}

function contradicts(item: OfferItem | undefined, offer: Offer): boolean {
  if (item === undefined || item.rv <= offer.rv) return false;
  return isTombstone(item) || !sameUids(item, offer);
}
