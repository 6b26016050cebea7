import type { Endpoint } from '../ports/peer-socket.ts';
import type { Beacon } from './beacon.ts';
import type { Deaths } from './deaths.ts';
import type { Dialer } from './dialer.ts';
import type { Hearing } from './hearing.ts';
import { TYPE_HEARTBEAT } from './heartbeat.ts';
import { DATAGRAM_MAGIC, decodeHello, TYPE_HELLO } from './hello.ts';
import type { Lapses } from './lapse.ts';
import type { Peer } from './peer.ts';
import type { Pool } from './pool.ts';
import type { Pulse } from './pulse.ts';
import type { Settling } from './settling.ts';

/** Whom a datagram may concern. */
interface Parts {
  readonly pulse: Pulse;
  readonly lapses: Lapses;
  readonly beacon: Beacon;
  readonly dialer: Dialer;
  readonly settling: Settling;
  readonly deaths: Deaths;
  readonly hearing: Hearing;
}

/** What comes by UDP: hellos and heartbeats, and much that is neither. */
export class Datagrams {
  constructor(
    private readonly pool: Pool,
    private readonly parts: Parts,
  ) {}

  /** @returns true where it may have changed when something is due */
  hear(bytes: Buffer, from: Endpoint): boolean {
    if (bytes.length < 8 || !bytes.subarray(0, 3).equals(DATAGRAM_MAGIC)) return this.drop('datagram-foreign');
    if (bytes[3] === TYPE_HEARTBEAT) return this.heartbeat(bytes, from);
    if (bytes[3] === TYPE_HELLO) return this.hello(bytes, from);
    return this.drop('datagram-unknown-kind');
  }

  private drop(reason: string): false {
    this.pool.count(reason);
    return false;
  }

  private heartbeat(bytes: Buffer, from: Endpoint): boolean {
    const { pulse, hearing } = this.parts;
    const peer = pulse.hear(bytes, from);
    if (peer === undefined) return false;
    const joined = pulse.joinIn();
    const again = peer.lapse !== undefined && this.heardAgain(peer);
    hearing.advance(peer);
    return joined || again;
  }

  private hello(bytes: Buffer, from: Endpoint): boolean {
    const { beacon, dialer, settling } = this.parts;
    const hello = decodeHello(bytes, this.pool.ring);
    if (typeof hello === 'string') return this.drop(hello);
    const peer = beacon.hear(hello, from);
    if (peer === undefined) return false;
    settling.hello(peer);
    dialer.hello(peer);
    return true;
  }

  /** A member that had fallen silent, by the keys of the session it had. */
  private heardAgain(peer: Peer): boolean {
    const { pulse, lapses, dialer, settling, deaths } = this.parts;
    const heard = lapses.hear(peer);
    if (heard === undefined) return false;
    if (heard === 'same') {
      lapses.revive(peer);
      pulse.greet(peer);
      dialer.suspect(peer);
      return true;
    }
    if (peer.session !== undefined) deaths.bury(peer, 'took-back');
    if (peer.lapse !== undefined) pulse.answer(peer.lapse.session, peer); // it may be the one that dials, or that knows us by our word
    settling.hello(peer);
    dialer.met(peer);
    return true;
  }
}
