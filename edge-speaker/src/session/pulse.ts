import type { Endpoint } from '../ports/peer-socket.ts';
import { decodeHeartbeat, encodeHeartbeat, heartbeatSession } from './heartbeat.ts';
import { isUp, type Peer, type Session } from './peer.ts';
import type { Pool } from './pool.ts';

/** Heartbeats out and in, deaths by silence, and doubt after a stop of our own. */
export class Pulse {
  /** When heartbeats last went out: what the others last heard of us. */
  private beatMs: number;

  constructor(private readonly pool: Pool) {
    this.beatMs = pool.startMs;
  }

  /**
   * The others may have given us up: nothing was sent for so long that their patience could be over.
   * @returns how long the stop was, or 0
   */
  pausedMs(): number {
    const silentMs = this.pool.nowMs - this.beatMs;
    return silentMs > this.pool.ownDeadMs() - this.pool.site.heartbeatMs / 2 ? silentMs : 0;
  }

  /** Asks every member to echo: heard again means heard after this moment, whatever waits in the socket's buffer. */
  doubt(): void {
    this.beatMs = this.pool.nowMs;
    for (const { session } of this.pool.peers.values()) {
      if (session === undefined) continue;
      session.heardMs = this.pool.nowMs; // we were deaf, they need not have been silent
      session.echoNeeded = session.sent + 1n;
      this.send(session, true);
    }
  }

  /** true where the peer has answered since the last doubt */
  echoed(peer: Peer): boolean {
    return peer.session !== undefined && peer.session.echoed >= peer.session.echoNeeded;
  }

  /** A new session: the first heartbeat at once, for a member counts only when UDP works too. */
  greet(peer: Peer): void {
    if (peer.session !== undefined) this.send(peer.session, true);
  }

  /** Sends what is due. @returns the members whose silence has lasted too long */
  run(): Peer[] {
    const { pool } = this;
    if (pool.nowMs >= this.beatMs + pool.site.heartbeatMs) {
      // The schedule holds its beat where a timer was late, so that lateness does not add up.
      const late = pool.nowMs - this.beatMs - pool.site.heartbeatMs;
      this.beatMs = late < pool.site.heartbeatMs / 2 ? pool.nowMs - late : pool.nowMs;
      for (const { session } of pool.peers.values()) if (session !== undefined) this.send(session, !session.beaten);
    }
    const deadMs = pool.deadMs();
    const dead: Peer[] = [];
    for (const peer of pool.peers.values()) {
      if (peer.session !== undefined && pool.nowMs >= peer.session.heardMs + deadMs && isUp(peer)) dead.push(peer);
    }
    return dead;
  }

  dueMs(): number {
    let due = this.beatMs + this.pool.site.heartbeatMs;
    const deadMs = this.pool.deadMs();
    for (const { session } of this.pool.peers.values()) {
      if (session !== undefined) due = Math.min(due, session.heardMs + deadMs);
    }
    return due;
  }

  /** @returns the member that is heard, or undefined where the datagram was dropped */
  hear(bytes: Buffer, _from: Endpoint): Peer | undefined {
    const { pool } = this;
    const id = heartbeatSession(bytes);
    const peer = id === undefined ? undefined : pool.sessions.get(id);
    const session = peer?.session;
    if (session === undefined) {
      pool.count(id === undefined ? 'heartbeat-malformed' : 'heartbeat-unknown-session');
      return undefined;
    }
    const beat = decodeHeartbeat(bytes, session.keys);
    if (beat === undefined || beat.sequence <= session.heard || beat.echo > session.sent) {
      pool.count(beat === undefined ? 'heartbeat-forged' : 'heartbeat-old');
      return undefined;
    }
    session.heard = beat.sequence;
    session.heardMs = pool.nowMs;
    session.beaten = true;
    if (beat.echo > session.echoed) session.echoed = beat.echo;
    if (beat.answerNow && pool.nowMs - session.answeredMs >= pool.site.heartbeatMs / 4) {
      session.answeredMs = pool.nowMs;
      this.send(session, false);
    }
    return peer;
  }

  private send(session: Session, answerNow: boolean): void {
    if (session.facts.udpPort === 0) return;
    session.sent += 1n;
    const bytes = encodeHeartbeat({ sequence: session.sent, echo: session.heard, answerNow }, session.keys);
    const to = { address: session.remoteAddress, port: session.facts.udpPort };
    this.pool.out.push({ kind: 'datagram', bytes, to });
  }
}
