import type { ChannelEnd, Endpoint } from '../ports/peer-socket.ts';
import { Channel } from './channel.ts';
import { isCrossing } from './crossing.ts';
import { decodeMessage, UNKNOWN_KIND } from './decode-message.ts';
import type { Hearing } from './hearing.ts';
import { PROTOCOL_VERSION } from './hello.ts';
import { dropOldWord, forgetWord } from './holders.ts';
import type { Message, SessionHello } from './messages.ts';
import { addHint, isSynced, isUp, type Peer } from './peer.ts';
import type { Pool } from './pool.ts';
import type { PoolKey } from './pool-keys.ts';
import { newSession, type Session } from './session.ts';
import { restarted } from './told.ts';

/** How many channels may wait for their first message, and how long. */
const MAX_UNNAMED = 64;
const UNNAMED_MS = 3000;
/** Heartbeats alone keep a member no longer than this: what it offers and announces cannot be heard without a session. */
export const SUSPECT_MS = 5000;
/** A session whose key was taken from the Secret ends: by now the other side has had the time to show another. */
const TAKEN_BACK_MS = 5000;

/** Channels become sessions, sessions carry the members' word, and a session's end is the first sign of a death. */
export class Sessions {
  /** Called when a session has begun. */
  onBegin: (peer: Peer) => void = () => {};
  /** Called when the session of a member whose word counted has ended in silence. */
  onSilence: (peer: Peer, session: Session) => void = () => {};

  constructor(
    private readonly pool: Pool,
    private readonly hearing: Hearing,
  ) {}

  accepted(id: number, remote: Endpoint, identity: string): void {
    const { pool } = this;
    const key = pool.ring.ofIdentity(identity);
    const unnamed = [...pool.channels.values()].filter((c) => c.dialedNode === undefined && c.hello === undefined);
    if (key === undefined || unnamed.length >= MAX_UNNAMED) {
      pool.count(key === undefined ? 'session-unknown-key' : 'session-too-many');
      pool.out.push({ kind: 'destroy', channel: id });
      return;
    }
    const channel = new Channel(id, undefined, remote, key, pool.randomBytes(16), pool.nowMs);
    pool.channels.set(id, channel);
    this.up(channel);
  }

  dial(peer: Peer, to: Endpoint, key: PoolKey): Channel {
    const { pool } = this;
    const channel = new Channel(pool.newChannel(), peer.node, to, key, pool.randomBytes(16), pool.nowMs);
    pool.channels.set(channel.id, channel);
    pool.out.push({ kind: 'dial', channel: channel.id, to, key });
    return channel;
  }

  up(channel: Channel): void {
    const { pool } = this;
    channel.up = true;
    const facts = pool.facts();
    channel.toldFacts = JSON.stringify(facts);
    pool.send(channel, {
      t: 'hello',
      v: PROTOCOL_VERSION,
      node: pool.node,
      incarnation: pool.incarnation.toString(16).padStart(16, '0'),
      nonce: channel.nonce.toString('hex'),
      ...facts,
    });
  }

  data(channel: Channel, bytes: Buffer): void {
    const bodies = channel.reader.push(bytes);
    if (bodies === undefined) {
      this.offend(channel, 'message-too-long');
      return;
    }
    for (const body of bodies) {
      if (!this.pool.channels.has(channel.id)) return;
      if (!channel.spend(this.pool.nowMs)) {
        this.offend(channel, 'message-flood');
        return;
      }
      const message = decodeMessage(body);
      if (message === UNKNOWN_KIND) this.pool.count('message-unknown-kind');
      else if (typeof message === 'string') this.offend(channel, message);
      else this.hear(channel, message);
    }
  }

  /** @returns the peer whose session this was, if it was one */
  down(channel: Channel, how: ChannelEnd): Peer | undefined {
    const { pool } = this;
    pool.channels.delete(channel.id);
    if (!channel.up && how === 'handshake') pool.count('session-handshake');
    const peer = channel.hello && pool.peers.get(channel.hello.node);
    if (peer === undefined) return undefined;
    if (peer.parked === channel) peer.parked = undefined;
    if (peer.session?.channel !== channel) return undefined;
    peer.session.channel = undefined;
    if (peer.state === 'leaving') this.bury(peer, 'left');
    else if (peer.parked !== undefined) this.begin(peer, peer.parked);
    else if (peer.state === 'joining') this.bury(peer, 'session-lost');
    else pool.setState(peer, 'suspect');
    return peer;
  }

  /** The member is gone: its offers and claims count no more, and whoever comes next takes them. */
  bury(peer: Peer, why: string): void {
    const { pool } = this;
    const { session, parked } = peer;
    pool.ledger.judgeAnew(peer.offers.entries.keys());
    pool.ledger.judgeAnew(peer.claims.entries.keys());
    if (session !== undefined && isSynced(peer) && why === 'silent') this.onSilence(peer, session);
    else if (why !== 'took-back') pool.forgetLapse(peer);
    forgetWord(peer, pool.nowMs);
    peer.session = undefined;
    peer.parked = undefined;
    peer.absent = true;
    peer.contactMs = undefined;
    if (session !== undefined && peer.lapse?.session !== session) pool.sessions.delete(session.keys.sessionId);
    if (session?.channel !== undefined) pool.drop(session.channel, 'destroy');
    pool.note('info', 'member is gone', { member: peer.node, why, quietMs: pool.nowMs - (session?.heardMs ?? 0) });
    pool.setState(peer, 'dead');
    if (parked !== undefined) this.begin(peer, parked);
  }

  /** Channels that never say who they are, half-done dials, and members that no dial brings back, do not stay. */
  sweep(): void {
    for (const peer of this.pool.peers.values()) {
      dropOldWord(peer, this.pool.nowMs);
      const { parked } = peer;
      if (parked !== undefined && this.pool.nowMs - parked.openedMs >= UNNAMED_MS)
        this.offend(parked, 'session-name-taken');
      if (peer.state === 'suspect' && this.pool.nowMs - peer.sinceMs >= SUSPECT_MS) this.bury(peer, 'no-session');
      const channel = peer.session?.channel;
      if (channel !== undefined && this.isTakenBack(channel)) this.offend(channel, 'session-key-removed');
    }
    for (const channel of this.pool.channels.values()) {
      if (channel.hello !== undefined || this.pool.nowMs - channel.openedMs < UNNAMED_MS) continue;
      this.pool.count('session-no-hello');
      this.pool.drop(channel, 'destroy');
    }
  }

  private isTakenBack({ key }: Channel): boolean {
    const { pool } = this;
    return pool.nowMs - pool.ringMs >= TAKEN_BACK_MS && pool.isTakenBack(key.identity);
  }

  private hear(channel: Channel, m: Message): void {
    if (m.t === 'hello') {
      if (channel.hello === undefined) this.greet(channel, m);
      else this.offend(channel, 'message-malformed');
      return;
    }
    const peer = channel.hello && this.pool.peers.get(channel.hello.node);
    if (peer === undefined) {
      this.offend(channel, 'message-before-hello');
      return;
    }
    if (peer.session?.channel !== channel) return; // it waits: its word does not count yet
    const refusal = this.hearing.hear(channel, peer, m);
    if (refusal !== undefined) this.offend(channel, refusal);
  }

  private greet(channel: Channel, hello: SessionHello): void {
    const { pool } = this;
    if (hello.node === pool.node) {
      this.offend(channel, 'session-own-name');
      return;
    }
    if (channel.dialedNode !== undefined && channel.dialedNode !== hello.node) pool.count('session-other-name');
    const peer = pool.peer(hello.node);
    if (peer === undefined) {
      this.offend(channel, 'session-too-many');
      return;
    }
    channel.hello = hello;
    const { session } = peer;
    if (session?.channel === undefined) {
      this.begin(peer, channel);
      return;
    }
    if (peer.incarnation !== hello.incarnation) {
      if (peer.parked !== undefined) {
        this.offend(channel, 'session-name-taken');
        return;
      }
      peer.parked = channel;
      channel.waited = true;
    } else if (isCrossing({ self: pool.node, peer, session, standing: session.channel, coming: channel }, pool.nowMs)) {
      pool.drop(channel, 'end');
      pool.send(session.channel, { t: 'about', ...pool.facts() }); // where the other side has lost it, we learn so now
    } else this.begin(peer, channel);
  }

  private begin(peer: Peer, channel: Channel): void {
    const { pool } = this;
    const { hello } = channel;
    if (hello === undefined) return;
    const old = peer.session;
    const same = old !== undefined && peer.incarnation === hello.incarnation && isUp(peer);
    if (old?.channel !== undefined) pool.drop(old.channel, 'end');
    if (old !== undefined) pool.sessions.delete(old.keys.sessionId);
    pool.forgetLapse(peer);
    if (peer.parked === channel) peer.parked = undefined;
    if (channel.waited) {
      for (const what of ['offers', 'claims'] as const) pool.send(channel, { t: 'ask-full', what });
    }
    pool.ledger.judgeAnew(peer.offers.entries.keys());
    pool.ledger.judgeAnew(peer.claims.entries.keys());
    const keep = same && (peer.state === 'alive' || peer.state === 'suspect');
    if (keep) {
      peer.offers = restarted(peer.offers);
      peer.claims = restarted(peer.claims);
    } else forgetWord(peer, pool.nowMs);
    peer.incarnation = hello.incarnation;
    peer.session = newSession(channel, hello, keep, pool.nowMs);
    pool.sessions.set(peer.session.keys.sessionId, peer);
    addHint(peer, { address: channel.remote.address, port: hello.tcpPort });
    this.hearing.learnMacs(peer.node, hello);
    peer.absent = false;
    peer.contactMs = undefined;
    if (keep) pool.setState(peer, 'alive');
    else pool.setState(peer, 'joining');
    const facts = pool.facts();
    if (JSON.stringify(facts) !== channel.toldFacts) pool.send(channel, { t: 'about', ...facts });
    if (pool.ledger.leaving) pool.send(channel, { t: 'farewell', reason: 'leaving' });
    this.onBegin(peer);
  }

  private offend(channel: Channel, reason: string): void {
    this.pool.count(reason);
    this.down(channel, 'ended');
    this.pool.out.push({ kind: 'destroy', channel: channel.id });
  }
}
