import type { ChannelEnd } from '../ports/peer-socket.ts';
import type { Beacon } from './beacon.ts';
import type { Dialer } from './dialer.ts';
import type { Peer } from './peer.ts';
import type { Pool } from './pool.ts';
import type { Sessions } from './sessions.ts';

/** Connections that end and members that are gone: who is dialed again, who is dead, and that it is looked for. */
export class Deaths {
  constructor(
    private readonly pool: Pool,
    private readonly dialer: Dialer,
    private readonly sessions: Sessions,
    private readonly beacon: Beacon,
  ) {}

  channelDown(id: number, how: ChannelEnd): void {
    const channel = this.pool.channels.get(id);
    if (channel === undefined) return;
    const provenDead = this.dialer.ended(channel, how);
    const peer = this.sessions.down(channel, how);
    if (peer?.state === 'suspect') this.dialer.suspect(peer);
    const dialed = channel.dialedNode === undefined ? undefined : this.pool.peers.get(channel.dialedNode);
    if (provenDead && dialed !== undefined) this.bury(dialed, 'refused');
  }

  bury(peer: Peer, why: string): void {
    this.sessions.bury(peer, why);
    this.beacon.missed();
  }
}
