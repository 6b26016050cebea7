import type { NodeFacts } from '@openyurt/nodepool-types';
import type { Candidate } from '../candidates/offers.ts';
import { sameItem } from '../election/offer.ts';
import type { OfferItem } from '../pool-session.ts';
import type { Effect } from './facts.ts';

/** What the offers are told from. */
export interface OfferSource {
  readonly byAddress: ReadonlyMap<string, Candidate>;
  /** Tombstones of addresses given up, by address. */
  readonly givenUp: ReadonlyMap<string, OfferItem>;
  /** The API was present when this was learned. */
  readonly proven: boolean;
  /** How far the view of Services has come. */
  readonly seenRv: bigint;
}

/** What the pool session was told last: the same is not told again. */
export class ToldPool {
  /** undefined: nothing yet, the whole is to come. */
  private offered: Map<string, OfferItem> | undefined;
  private seenRv = 0n;
  private named = '';

  /** A session has begun: it must hear everything. */
  forget(): void {
    this.offered = undefined;
    this.named = '';
  }

  /** The session has dropped this offer: it must be told again, also if it is the same. */
  forgetOffer(address: string): void {
    this.offered?.delete(address);
  }

  members(nodes: readonly NodeFacts[], self: string): Effect[] {
    const others = nodes.filter(({ name }) => name !== self);
    const members = others.map(({ name, internalIps }) => ({ node: name, addresses: internalIps }));
    members.sort((a, b) => (a.node < b.node ? -1 : 1));
    const text = JSON.stringify(members);
    if (text === this.named) return [];
    this.named = text;
    return [{ kind: 'members', members }];
  }

  /** @param changed of these alone the offer may be another one than before */
  offers(changed: Iterable<string>, source: OfferSource): Effect[] {
    const { seenRv } = source;
    const wentBack = seenRv < this.seenRv;
    if (this.offered === undefined || wentBack) return [this.whole(source)];
    const set: OfferItem[] = [];
    const gone: string[] = [];
    for (const address of changed) {
      const item = itemOf(address, source);
      const told = this.offered.get(address);
      if (item === undefined ? told === undefined : told !== undefined && sameItem(item, told)) continue;
      if (item === undefined) gone.push(address);
      else set.push(item);
      if (item === undefined) this.offered.delete(address);
      else this.offered.set(address, item);
    }
    if (set.length + gone.length === 0) return [];
    this.seenRv = seenRv;
    return [{ kind: 'offers-changed', set, gone, seenRv }];
  }

  private whole(source: OfferSource): Effect {
    const { byAddress, givenUp, seenRv } = source;
    this.offered = new Map();
    for (const address of [...byAddress.keys(), ...givenUp.keys()]) {
      const item = itemOf(address, source);
      if (item !== undefined) this.offered.set(address, item);
    }
    this.seenRv = seenRv;
    return { kind: 'offer', items: [...this.offered.values()], seenRv };
  }
}

function itemOf(address: string, { byAddress, givenUp, proven }: OfferSource): OfferItem | undefined {
  const candidate = byAddress.get(address);
  if (candidate === undefined || candidate.notOffered !== undefined) return givenUp.get(address);
  const { serviceUids: uids, resourceVersion: rv, endpoints } = candidate;
  return { address, uids, rv, proven, endpoints };
}
