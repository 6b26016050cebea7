import type { Endpoint } from '../ports/peer-socket.ts';
import {
  decodeHeartbeat,
  encodeHeartbeat,
  type Heartbeat,
  heartbeatSession,
  isToGroup,
  TAKEN_BACK,
} from './heartbeat.ts';
import { isUp, type Peer } from './peer.ts';
import type { Pool } from './pool.ts';
import type { Session } from './session.ts';

/** A member that was lost and asks is answered at most this often. */
const LAPSED_ANSWER_MS = 10;

/** This part of an interval a heartbeat may come early. */
const NEARLY = 1 / 8;

/** Heartbeats out and in, deaths by silence, and doubt after a stop of our own. */
export class Pulse {
  /** When heartbeats last went out: what the others last heard of us. */
  private beatMs: number;
  /** Silent for too long when the loop last came to its timers, and the time before as well. */
  private overdue = new Set<Session>();
  private proven = new Set<Session>();

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
    for (const { session, lapse } of this.pool.peers.values()) {
      if (lapse !== undefined) lapse.floor = lapse.nextFloor = lapse.session.sent + 1n;
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
      this.beat(late < pool.site.heartbeatMs / 2 ? pool.nowMs - late : pool.nowMs);
    }
    if (this.proven.size === 0) return [];
    const deadMs = pool.deadMs();
    return [...pool.peers.values()].filter(
      ({ session }) => session !== undefined && this.proven.has(session) && pool.nowMs >= session.heardMs + deadMs,
    );
  }

  /**
   * Another's heartbeat came: our own goes along where it is nearly due. So the members of a pool fall into step, and the
   * process is woken less often. @returns whether it went
   */
  joinIn(): boolean {
    const { pool } = this;
    if (pool.nowMs < this.beatMs + pool.site.heartbeatMs * (1 - NEARLY)) return false;
    this.beat(pool.nowMs);
    return true;
  }

  /**
   * The loop has come to its timers. A heartbeat may wait in the socket of a process that is slow itself, and is read between
   * two such turns: a silence counts that outlasts both.
   */
  beginTurn(): void {
    const { pool, overdue: before } = this;
    const deadMs = pool.deadMs();
    this.overdue = new Set();
    for (const peer of pool.peers.values()) {
      const { session } = peer;
      if (session !== undefined && pool.nowMs >= session.heardMs + deadMs && isUp(peer)) this.overdue.add(session);
    }
    this.proven = new Set([...this.overdue].filter((session) => before.has(session)));
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
    const session = peer?.session?.keys.sessionId === id ? peer?.session : peer?.lapse?.session;
    if (session === undefined) {
      if (id === undefined) pool.count('heartbeat-malformed');
      else pool.count(isToGroup(bytes) ? 'heartbeat-of-others' : 'heartbeat-unknown-session');
      return undefined;
    }
    const beat = decodeHeartbeat(bytes, session.keys);
    if (beat === undefined || beat.sequence <= session.heard || beat.echo > session.sent) {
      pool.count(beat === undefined ? 'heartbeat-forged' : 'heartbeat-old');
      return undefined;
    }
    session.heard = beat.sequence;
    if (beat.seeking) pool.ledger.stirred();
    else session.heardMs = pool.nowMs;
    session.beaten = true;
    session.keptFrom = beat.keptFrom;
    if (beat.echo > session.echoed) session.echoed = beat.echo;
    if (beat.answerNow) this.answer(session, peer);
    return peer;
  }

  /** What was just heard is echoed now, and not with the next beat: so it knows that it is heard. Not each time it is asked. */
  answer(session: Session, peer: Peer | undefined): void {
    const { nowMs } = this.pool;
    if (nowMs - session.answeredMs < this.answerEveryMs(peer, session)) return;
    session.answeredMs = nowMs;
    this.send(session, false);
  }

  /** To a member that is not heard, wherever it is. */
  seek(session: Session, { seeking, group }: { seeking: boolean; group: boolean }): void {
    this.send(session, true, seeking);
    if (!group || session.facts.udpPort !== this.pool.port) return; // the group does not reach it at another port
    this.pool.out.push({ kind: 'to-group', bytes: this.next(session, { answerNow: true, toGroup: true, seeking }) });
  }

  private beat(atMs: number): void {
    this.beatMs = atMs;
    for (const { session } of this.pool.peers.values()) if (session !== undefined) this.send(session, !session.beaten);
  }

  private send(session: Session, answerNow: boolean, seeking = false): void {
    if (session.facts.udpPort === 0) return;
    const to = { address: session.remoteAddress, port: session.facts.udpPort };
    this.pool.out.push({ kind: 'datagram', bytes: this.next(session, { answerNow, toGroup: false, seeking }), to });
  }

  private next(session: Session, flags: Pick<Heartbeat, 'answerNow' | 'toGroup' | 'seeking'>): Buffer {
    this.heedReleases();
    session.sent += 1n;
    const { sent: sequence, heard: echo, ownKeptFrom: keptFrom } = session;
    return encodeHeartbeat({ sequence, echo, keptFrom, ...flags }, session.keys);
  }

  /** What was announced and is no more: whoever has heard of it must not count on it. Comes before the sessions are told. */
  heedReleases(): void {
    const released = this.pool.ledger.takeReleased();
    if (released.size === 0) return;
    for (const { session, lapse } of this.pool.peers.values()) {
      // The next word on the connection says so.
      if (session !== undefined)
        session.ownKeptFrom =
          session.channel === undefined ? TAKEN_BACK : Math.min(session.channel.teller.claimsTold + 1, TAKEN_BACK);
      if (lapse !== undefined && [...released].some((address) => lapse.claimed.has(address)))
        lapse.session.ownKeptFrom = TAKEN_BACK;
    }
  }

  private answerEveryMs(peer: Peer | undefined, session: Session): number {
    return peer?.lapse?.session === session ? LAPSED_ANSWER_MS : this.pool.site.heartbeatMs / 4;
  }
}
