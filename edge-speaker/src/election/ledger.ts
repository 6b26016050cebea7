import type { FailBack } from '@openyurt/nodepool-types';
import { LRUCache } from 'lru-cache';
import { candidates } from './candidates.ts';
import { elect } from './elect.ts';
import { eligible } from './eligible.ts';
import { type Holding, judge } from './holding.ts';
import {
  isTombstone,
  type MemberView,
  type Offer,
  type OfferItem,
  type Standing,
  sameItem,
  type Tombstone,
} from './offer.ts';
import type { Seeds } from './seeds.ts';
import { Tombstones } from './tombstones.ts';

export type ReleaseReason = 'handed-over' | 'lost' | 'not-offered' | 'failed' | 'paused' | 'minority' | 'leaving';

export type LedgerEffect =
  | { readonly kind: 'announce'; readonly address: string; readonly probe: boolean }
  | { readonly kind: 'withdraw'; readonly address: string; readonly reason: ReleaseReason };

/** How many addresses ever announced in the pool are remembered. */
const MAX_MEMORY = 8192;

/** This member's offers and holdings, and the addresses whose holder is to be judged anew. */
export class Ledger {
  /** Offers and tombstones as other members are told them. */
  readonly items = new Map<string, OfferItem>();
  readonly holdings = new Map<string, Holding>();
  readonly tombstones = new Tombstones();
  seenRv = 0n;
  leaving = false;
  standing: Standing = 'ready';
  failBack: FailBack = 'always';
  /** Since the last {@link takeChanges}: what other members have yet to hear. */
  private changedOffers = new Set<string>();
  private changedClaims = new Set<string>();
  private offered = new Map<string, Offer>();
  private due = new Set<string>();
  /** Holdings that another member was found to announce too. */
  private met = new Map<string, 'healed' | 'crossed'>();
  /** Holdings that are offered no longer and wait for a successor. */
  private readonly handing = new Set<string>();
  private readonly memory: LRUCache<string, true>;
  private memoryGrew = false;

  constructor(
    private readonly self: string,
    private readonly seeds: Seeds,
    announcedBefore: Iterable<string> = [],
  ) {
    this.memory = new LRUCache({ max: MAX_MEMORY });
    for (const address of announcedBefore) this.memory.set(address, true);
  }

  /** Replaces what this node offers. */
  setOffers(items: readonly OfferItem[], seenRv: bigint): void {
    const touched = new Set(this.offered.keys());
    this.offered = new Map();
    this.seenRv = seenRv;
    for (const item of items) {
      touched.add(item.address);
      if (isTombstone(item)) this.bury(item);
      else {
        this.offered.set(item.address, item);
        this.tombstones.revive(item.address, item.rv);
      }
    }
    for (const address of touched) this.compose(address);
  }

  /** The hub cannot announce it: no offer until the next {@link setOffers}, silence now. */
  failed(address: string): LedgerEffect[] {
    this.offered.delete(address);
    this.compose(address);
    return this.release(address, 'failed');
  }

  /** Tombstones heard are told on, and an address given up is new to the pool when it comes back. */
  hear(item: OfferItem): void {
    if (isTombstone(item)) this.bury(item);
    else if (item.proven && this.tombstones.revive(item.address, item.rv)) this.compose(item.address);
  }

  /**
   * A member whose word counts announces it too. `healed`: it did when its word began to count.
   * {@link judgeAnew} comes with it: the meeting is settled in the next {@link decide}.
   */
  meet(address: string, how: 'healed' | 'crossed'): void {
    if (this.holdings.has(address)) this.met.set(address, how);
  }

  /** Some member announces it, or did: it is not new to the pool. */
  remember(address: string): void {
    if (!this.memory.has(address)) this.memoryGrew = true;
    this.memory.set(address, true);
  }

  /** Forgets the tombstones that every member has outgrown. */
  prune(seenByAll: bigint): void {
    for (const address of this.tombstones.prune(seenByAll)) this.compose(address);
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
    return [...this.holdings.keys()].flatMap((address) => this.release(address, reason));
  }

  /** @param views of all members whose word counts, this one among them */
  decide(views: readonly MemberView[], mayClaim: boolean, nowMs: number): LedgerEffect[] {
    for (const address of this.handing) if (nowMs >= this.releaseByMs(address)) this.due.add(address);
    if (this.due.size === 0) return [];
    const due = this.due;
    this.due = new Set();
    const effects: LedgerEffect[] = [];
    for (const address of due) effects.push(...this.decideOne(address, views, mayClaim, nowMs));
    this.met.clear();
    return effects;
  }

  /** Earliest time at which a hand-over runs out, or Infinity. */
  dueMs(): number {
    let due = Infinity;
    for (const address of this.handing) due = Math.min(due, this.releaseByMs(address));
    return due;
  }

  view(): MemberView {
    const { items, holdings: claims, seenRv, standing } = this;
    return { node: this.self, items, claims, seenRv, standing, offering: !this.leaving && standing !== 'minority' };
  }

  takeChanges(): { offers: Iterable<string>; claims: Iterable<string> } {
    const changes = { offers: this.changedOffers, claims: this.changedClaims };
    if (this.changedOffers.size > 0) this.changedOffers = new Set();
    if (this.changedClaims.size > 0) this.changedClaims = new Set();
    return changes;
  }

  /** Addresses that were announced in this pool before, or undefined where none came since the last call. */
  takeMemory(): string[] | undefined {
    if (!this.memoryGrew) return undefined;
    this.memoryGrew = false;
    return [...this.memory.keys()];
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
    this.remember(address);
    return { kind: 'announce', address, probe };
  }

  private release(address: string, reason: ReleaseReason): LedgerEffect[] {
    if (!this.holdings.delete(address)) return [];
    this.handing.delete(address);
    this.changedClaims.add(address);
    this.due.add(address);
    return [{ kind: 'withdraw', address, reason }];
  }

  private bury(tombstone: Tombstone): void {
    if (!this.tombstones.learn(tombstone)) return;
    if (this.memory.delete(tombstone.address)) this.memoryGrew = true;
    this.compose(tombstone.address);
    for (const address of this.tombstones.takePushedOut()) this.compose(address);
  }

  /** What is told of one address: the offer, unless a tombstone silences it. */
  private compose(address: string): void {
    const offer = this.offered.get(address);
    const tombstone = this.tombstones.get(address);
    const silenced = tombstone !== undefined && (offer === undefined || (!offer.proven && tombstone.rv > offer.rv));
    const item = silenced ? tombstone : offer;
    const told = this.items.get(address);
    if (item === undefined ? told === undefined : told !== undefined && sameItem(item, told)) return;
    if (item === undefined) this.items.delete(address);
    else this.items.set(address, item);
    this.changedOffers.add(address);
    this.due.add(address);
  }
}
