import type { FailBack } from '@openyurt/nodepool-types';
import { AddressMemory } from './address-memory.ts';
import { candidates } from './candidates.ts';
import { elect } from './elect.ts';
import { eligible } from './eligible.ts';
import { type Holding, judge } from './holding.ts';
import { JudgingQueue } from './judging-queue.ts';
import type { MemberView, OfferItem, Standing } from './offer.ts';
import { OwnItems } from './own-items.ts';
import type { Seeds } from './seeds.ts';

export type ReleaseReason = 'handed-over' | 'lost' | 'not-offered' | 'failed' | 'paused' | 'minority' | 'leaving';

export type LedgerEffect =
  /** `resumed`: given up a moment ago for a doubt of ourselves, and nobody can have announced it since. */
  | { readonly kind: 'announce'; readonly address: string; readonly probe: boolean; readonly resumed?: true }
  | { readonly kind: 'withdraw'; readonly address: string; readonly reason: ReleaseReason };

/** This member's offers and holdings, and the addresses whose holder is to be judged anew. */
export class Ledger {
  readonly holdings = new Map<string, Holding>();
  seenRv = 0n;
  leaving = false;
  standing: Standing = 'ready';
  failBack: FailBack = 'always';
  /** Since the last {@link takeChanges}: what other members have yet to hear. */
  private changedClaims = new Set<string>();
  private released = new Set<string>();
  private readonly due = new JudgingQueue();
  /** Holdings that another member was found to announce too. */
  private met = new Map<string, 'healed' | 'crossed'>();
  /** Given up in the last doubt of ourselves, and announced by nobody since. */
  private readonly paused = new Set<string>();
  /** Holdings that are offered no longer and wait for a successor. */
  private readonly handing = new Set<string>();
  private readonly own: OwnItems;
  private readonly memory: AddressMemory;

  constructor(
    private readonly self: string,
    private readonly seeds: Seeds,
    announcedBefore: Iterable<string> = [],
    /** Another member tells that its endpoints are dead, or alive. */
    askedElsewhere: (address: string) => boolean = () => false,
  ) {
    this.memory = new AddressMemory(announcedBefore);
    this.own = new OwnItems({
      askedElsewhere,
      onChange: (address) => this.due.add(address),
      onBuried: (address) => this.memory.delete(address),
    });
  }

  /** Offers and tombstones as other members are told them. */
  get items(): ReadonlyMap<string, OfferItem> {
    return this.own.items;
  }

  /** Replaces what this node offers. */
  setOffers(items: readonly OfferItem[], seenRv: bigint): void {
    const kept = new Set(items.map(({ address }) => address));
    this.changeOffers(
      items,
      [...this.own.offered()].filter((address) => !kept.has(address)),
      seenRv,
    );
  }

  /** What is neither in `set` nor in `gone` is offered as before. */
  changeOffers(set: readonly OfferItem[], gone: readonly string[], seenRv: bigint): void {
    this.own.change(set, gone, seenRv < this.seenRv);
    this.seenRv = seenRv;
  }

  /** The hub cannot announce it: no offer until the next {@link setOffers}, silence now. */
  failed(address: string): LedgerEffect[] {
    this.own.withhold(address);
    this.judgeAnew([address]);
    return this.release(address, 'failed');
  }

  /** Tombstones heard are told on, and an address given up is new to the pool when it comes back. */
  hear(item: OfferItem): void {
    this.own.hear(item);
  }

  /**
   * A member whose word counts announces it too. `healed`: it did when its word began to count.
   * {@link judgeAnew} comes with it: the meeting is settled in the next {@link decide}.
   */
  meet(address: string, how: 'healed' | 'crossed'): void {
    if (this.holdings.has(address)) this.met.set(address, how);
  }

  /** Another member announces it, or did: it is not new to the pool. */
  heardOf(address: string): void {
    this.paused.delete(address);
    this.memory.add(address);
  }

  /** A member came, went, or took this one for dead: any address may have been announced unheard. */
  stirred(): void {
    this.paused.clear();
  }

  /** Forgets the tombstones that every member has outgrown. */
  prune(seenByAll: bigint): void {
    this.own.prune(seenByAll);
  }

  judgeAnew(addresses: Iterable<string>): void {
    for (const address of addresses) this.due.add(address);
  }

  judgeAll(): void {
    this.judgeAnew(this.items.keys());
    this.judgeAnew(this.holdings.keys());
  }

  /** Gives up everything at once. */
  drop(reason: ReleaseReason): LedgerEffect[] {
    this.judgeAnew(this.holdings.keys());
    if (reason === 'paused') for (const address of this.holdings.keys()) this.paused.add(address);
    return [...this.holdings.keys()].flatMap((address) => this.release(address, reason));
  }

  /** Is there anything to {@link decide}? */
  isDue(nowMs: number): boolean {
    return this.dueMs() <= nowMs;
  }

  beginTurn(): void {
    this.due.beginTurn();
  }

  /**
   * Judges what is due, as much as this turn has room for; the rest waits for {@link beginTurn}. An address is judged by what
   * holds when its turn comes: what was to be done with it before, and is no more, is never done.
   *
   * @param views of all members whose word counts, this one among them
   */
  decide(views: readonly MemberView[], mayClaim: boolean, nowMs: number): LedgerEffect[] {
    for (const address of this.handing) if (nowMs >= this.releaseByMs(address)) this.due.add(address);
    const effects: LedgerEffect[] = [];
    for (const address of this.due.take()) {
      effects.push(...this.decideOne(address, views, mayClaim, nowMs));
      this.met.delete(address);
    }
    return effects;
  }

  /** Earliest time at which there is something to judge, -Infinity for the next turn, or Infinity. */
  dueMs(): number {
    if (!this.due.isEmpty) return -Infinity;
    let due = Infinity;
    for (const address of this.handing) due = Math.min(due, this.releaseByMs(address));
    return due;
  }

  view(): MemberView {
    const { items, holdings: claims, seenRv, standing } = this;
    return { node: this.self, items, claims, seenRv, standing, offering: !this.leaving && standing !== 'minority' };
  }

  takeChanges(): { offers: ReadonlySet<string>; claims: ReadonlySet<string> } {
    const changes = { offers: this.own.takeChanges(), claims: this.changedClaims };
    if (this.changedClaims.size > 0) this.changedClaims = new Set();
    return changes;
  }

  /** Addresses given up since the last call. */
  takeReleased(): ReadonlySet<string> {
    const { released } = this;
    if (released.size > 0) this.released = new Set();
    return released;
  }

  /** Addresses that were announced in this pool before, or undefined where none came since the last call. */
  takeMemory(): string[] | undefined {
    return this.memory.take();
  }

  private decideOne(address: string, views: readonly MemberView[], mayClaim: boolean, nowMs: number): LedgerEffect[] {
    const counting = candidates(address, views);
    const claimants = counting.filter(({ node, claims }) => node !== this.self && claims.has(address));
    const between = eligible(address, counting, this.failBack).map(({ node }) => node);
    const winner = elect(address, between, this.seeds);
    const goesBefore = (node: string): boolean =>
      between.includes(node) && (!between.includes(this.self) || this.seeds.beats(node, this.self, address));
    const { verdict, holding } = judge(
      this.holdings.get(address),
      {
        winner,
        self: this.self,
        standing: counting.some(({ node }) => node === this.self),
        mayClaim,
        anyClaim: claimants.length > 0,
        betterClaim: claimants.some(({ node }) => goesBefore(node)),
      },
      nowMs,
    );
    if (holding !== undefined) this.hold(address, holding);
    switch (verdict) {
      case 'claim':
        return [this.claim(address)];
      case 'keep':
        return this.met.has(address) && winner === this.self ? [{ kind: 'announce', address, probe: false }] : [];
      case 'hand-over':
        return this.release(address, this.met.get(address) === 'healed' ? 'lost' : 'handed-over');
      case 'release':
        return this.release(address, this.leaving ? 'leaving' : 'not-offered');
      case 'none':
        return [];
    }
  }

  private hold(address: string, holding: Holding): void {
    this.holdings.set(address, holding);
    if (holding.releaseByMs === undefined) this.handing.delete(address);
    else this.handing.add(address);
  }

  private releaseByMs(address: string): number {
    return this.holdings.get(address)?.releaseByMs ?? Infinity;
  }

  private claim(address: string): LedgerEffect {
    this.changedClaims.add(address);
    const probe = !this.memory.has(address);
    this.memory.add(address);
    const resumed = this.paused.delete(address);
    return { kind: 'announce', address, probe, ...(resumed && !probe ? { resumed } : {}) };
  }

  private release(address: string, reason: ReleaseReason): LedgerEffect[] {
    if (!this.holdings.delete(address)) return [];
    this.handing.delete(address);
    this.changedClaims.add(address);
    this.released.add(address);
    return [{ kind: 'withdraw', address, reason }];
  }
}
