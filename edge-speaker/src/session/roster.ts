import { familyOf } from '@openyurt/nodepool-types';
import type { KnownMember } from './facts.ts';
import type { Pool } from './pool.ts';

/**
 * The Node list as cached. A member it names no longer is forgotten only when its session is gone too: the cloud's word
 * takes nobody out of a pool that hears them.
 */
export function nameMembers(pool: Pool, members: readonly KnownMember[]): void {
  const named = new Map(members.map((member) => [member.node, member]));
  for (const peer of pool.peers.values()) {
    peer.known = named.has(peer.node);
    if (peer.known || peer.session !== undefined || peer.dial.channel !== undefined) continue;
    pool.forgetLapse(peer);
    pool.peers.delete(peer.node);
  }
  for (const { node, addresses } of named.values()) {
    if (node === pool.node) continue;
    const peer = pool.peer(node);
    if (peer === undefined) {
      pool.count('members-too-many');
      continue;
    }
    peer.known = true;
    const ipv4 = addresses.filter((address) => familyOf(address) === 'IPv4');
    peer.addresses = ipv4.length > 0 ? ipv4 : addresses;
  }
}
