import type { Endpoint } from '../ports/peer-socket.ts';
import { encodeHello, type Hello } from './hello.ts';
import { addHint, isUp, type Peer } from './peer.ts';
import type { Pool } from './pool.ts';

const BURST_EVERY_MS = 100;
const START_BURST_MS = 1000;
const LINK_BURST_MS = 300;
/** How often a member that misses somebody says hello. */
export const MISSING_EVERY_MS = 500;
const CALM_EVERY_MS = 10_000;
/** A hello is answered by one at most this often: a replay costs no more. */
const REPLY_EVERY_MS = 100;
/** Keys a hello is signed with: members that have not the newest yet hear it too. */
const MAX_KEYS = 4;

/** Says "I am here" on the LAN: quickly at first, then as often as somebody is missing. */
export class Beacon {
  private nextMs: number;
  private burstUntilMs: number;

  constructor(private readonly pool: Pool) {
    this.nextMs = pool.startMs;
    this.burstUntilMs = pool.startMs + START_BURST_MS;
  }

  /** A link came: the other half of a pool may be behind it. */
  linkCame(): void {
    this.nextMs = this.pool.nowMs;
    this.burstUntilMs = Math.max(this.burstUntilMs, this.pool.nowMs + LINK_BURST_MS);
  }

  run(): void {
    const { pool } = this;
    if (pool.nowMs < this.nextMs || pool.ports === undefined || pool.ledger.leaving) return;
    const missing = [...pool.peers.values()].filter((peer) => peer.known && peer.session === undefined);
    const everyMs = missing.length > 0 ? MISSING_EVERY_MS : CALM_EVERY_MS;
    this.nextMs = pool.nowMs + (pool.nowMs < this.burstUntilMs ? BURST_EVERY_MS : everyMs);
    for (const bytes of this.hellos()) {
      pool.out.push({ kind: 'to-group', bytes });
      for (const peer of missing)
        for (const to of places(peer, pool.port)) pool.out.push({ kind: 'datagram', bytes, to });
    }
  }

  dueMs(): number {
    return this.pool.ports === undefined || this.pool.ledger.leaving ? Infinity : this.nextMs;
  }

  /** A member that went missing is looked for soon. */
  missed(): void {
    this.nextMs = Math.min(this.nextMs, this.pool.nowMs + MISSING_EVERY_MS);
  }

  /** @returns the member to dial now, or undefined where the hello changes nothing */
  hear(hello: Hello, from: Endpoint): Peer | undefined {
    const { pool } = this;
    if (hello.node === pool.node) {
      pool.count(hello.incarnation === pool.incarnation ? 'hello-own' : 'hello-own-name');
      return undefined;
    }
    const peer = pool.peer(hello.node);
    if (peer === undefined) {
      pool.count('hello-too-many');
      return undefined;
    }
    const incarnation = hello.incarnation.toString(16).padStart(16, '0');
    if (isUp(peer) && peer.session?.channel !== undefined && peer.incarnation === incarnation) return undefined;
    addHint(peer, { address: from.address, port: hello.tcpPort });
    peer.udpHint = { address: from.address, port: hello.udpPort || from.port };
    peer.contactMs ??= pool.nowMs;
    peer.helloMs = pool.nowMs;
    if (pool.nowMs - peer.repliedMs >= REPLY_EVERY_MS && !pool.ledger.leaving) {
      peer.repliedMs = pool.nowMs;
      for (const bytes of this.hellos()) pool.out.push({ kind: 'datagram', bytes, to: peer.udpHint });
    }
    return peer;
  }

  private hellos(): Buffer[] {
    const { pool } = this;
    const { configHash, deadMs, tcpPort, udpPort } = pool.facts();
    const hello = {
      node: pool.node,
      incarnation: pool.incarnation,
      configHash: Buffer.from(configHash, 'hex'),
      deadMs,
      tcpPort,
      udpPort,
    };
    return pool.ring.keys.slice(0, MAX_KEYS).map((key) => encodeHello(hello, key));
  }
}

function places(peer: Peer, port: number): Endpoint[] {
  const listed = peer.addresses.map((address) => ({ address, port }));
  return peer.udpHint === undefined ? listed : [...listed, peer.udpHint];
}
