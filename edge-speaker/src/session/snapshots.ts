import type { MemberSnapshot } from './facts.ts';
import type { Pool } from './pool.ts';

/** The other members, for people. */
export function membersOf(pool: Pool): MemberSnapshot[] {
  return [...pool.peers.values()].map((peer) => {
    const address = peer.session?.remoteAddress ?? peer.hints[0]?.address;
    return {
      node: peer.node,
      state: peer.state,
      sinceMs: peer.sinceMs,
      ...(address === undefined ? {} : { address }),
      ...(peer.incarnation === undefined ? {} : { incarnation: peer.incarnation }),
      offers: peer.offers.entries.size,
      claims: peer.claims.entries.size,
      standing: peer.session?.facts.standing ?? 'ready',
      sameConfig: peer.session === undefined || pool.sameConfig(peer.session),
    };
  });
}

/** Address → the node that announces it, as last claimed; where two do, the one that goes before. */
export function ownersOf(pool: Pool): Map<string, string> {
  const owners = new Map<string, string>();
  for (const view of pool.views()) {
    for (const address of view.claims.keys()) {
      const other = owners.get(address);
      if (other === undefined || pool.seeds.beats(view.node, other, address)) owners.set(address, view.node);
    }
  }
  return owners;
}
