import type { NodeFacts } from '@openyurt/nodepool-types';
import type { Candidates } from './candidates/offers.ts';
import type { Effect } from './facts.ts';
import type { GivenUp } from './offline/given-up.ts';

/** What the pool session was told last: the same is not told again. */
export class ToldPool {
  private offered = '';
  private named = '';

  /** A session has begun: it must hear everything. */
  forget(): void {
    this.offered = '';
    this.named = '';
  }

  /** The session has dropped an offer: what stands in `offers` must be told again, also if it is the same. */
  forgetOffers(): void {
    this.offered = '';
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

  /** @param proven the API was present when this was learned @param seenRv how far the view of Services has come */
  offers({ byAddress }: Candidates, givenUp: GivenUp, proven: boolean, seenRv: bigint): Effect[] {
    const offered = [...byAddress.values()].filter((one) => one.notOffered === undefined);
    const items = [
      ...offered.map((one) => ({ address: one.address, uids: one.serviceUids, rv: one.resourceVersion, proven })),
      ...givenUp.items(),
    ];
    const text = items.map((item) => `${item.address} ${item.rv} ${'gone' in item ? 'gone' : item.uids}`).join('\n');
    const told = `${proven} ${byAddress.size}\n${text}`;
    if (told === this.offered) return [];
    this.offered = told;
    return [{ kind: 'offer', items, seenRv }];
  }
}
