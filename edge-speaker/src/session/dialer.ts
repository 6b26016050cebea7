import type { ChannelEnd, Endpoint } from '../ports/peer-socket.ts';
import type { Channel } from './channel.ts';
import { addHint, isUp, type Peer } from './peer.ts';
import type { Pool } from './pool.ts';
import type { Sessions } from './sessions.ts';

const RETRY_MS = 1000;
/** A dial that has told nothing by then is given up: its SYN was lost, and the kernel's next one comes late. */
const GIVE_UP_MS = 1500;
/** A member that says hello is dialed afresh where the dial under way is older. */
const FRESH_MS = 100;
/** The lower name dials. The higher one does too where nothing came of it for so long. */
const HIGHER_NAME_WAITS_MS = 1000;
/** A session under an older key is offered the newest one so often: the other side may get it minutes later. */
const REKEY_EVERY_MS = 2000;
/** Sessions that end within this time are in vain; after so many in a row the next dial waits {@link FRESH_MS}. */
const SHORT_MS = 1000;
const IN_VAIN = 3;
/** A dying process may still accept: asked again this soon, this often. */
const SUSPECT_RETRY_MS = 1;
const SUSPECT_RETRIES = 50;

/** Whom to dial, where, with which key, and when. */
export class Dialer {
  private rekeyMs = Infinity;

  constructor(
    private readonly pool: Pool,
    private readonly sessions: Sessions,
  ) {}

  run(): void {
    for (const peer of this.pool.peers.values()) {
      if (peer.dial.channel !== undefined && this.pool.nowMs >= peer.dial.startedMs + GIVE_UP_MS) {
        this.abandon(peer);
        this.failed(peer, 'timeout');
      }
      if (this.pool.nowMs >= this.dueAt(peer)) this.dial(peer);
    }
    if (this.pool.nowMs >= this.rekeyMs) this.moveToNewest();
  }

  dueMs(): number {
    let due = this.pool.ledger.leaving ? Infinity : this.rekeyMs;
    for (const peer of this.pool.peers.values()) {
      due = Math.min(due, peer.dial.channel === undefined ? this.dueAt(peer) : peer.dial.startedMs + GIVE_UP_MS);
    }
    return due;
  }

  /**
   * It said hello: whatever was tried before, now is the time. A dial that is given up for it is not tried again first:
   * a replayed hello leads to a host that takes connections and says nothing, and must not keep us from the real one.
   */
  hello(peer: Peer): void {
    if (peer.session?.channel !== undefined || !this.isOurs(peer)) return;
    if (this.pool.nowMs - peer.dial.startedMs < FRESH_MS) return;
    if (peer.dial.channel !== undefined) peer.dial.attempt = this.nextPlace(peer.dial.attempt);
    this.abandon(peer);
    this.dial(peer);
  }

  /** It hears us and we hear it, this very moment: a dial begun before knew less. */
  met(peer: Peer): void {
    const first = peer.contactMs === undefined;
    peer.contactMs ??= this.pool.nowMs;
    for (const to of home(peer)) addHint(peer, to);
    if (first && this.isOurs(peer)) this.suspect(peer);
    else this.hello(peer);
  }

  /** Its session ended without farewell: is anybody at home? Both sides ask, whoever dialed before. */
  suspect(peer: Peer): void {
    const { dial, session } = peer;
    this.abandon(peer);
    dial.attempt = 0;
    dial.refused = 0;
    const short = session !== undefined && this.pool.nowMs - session.begunMs < SHORT_MS;
    dial.inVain = short ? dial.inVain + 1 : 0;
    if (dial.inVain > IN_VAIN) dial.nextMs = this.pool.nowMs + FRESH_MS;
    else this.dial(peer);
  }

  /** Other keys are here. */
  rekey(): void {
    this.rekeyMs = this.pool.nowMs;
  }

  /** @returns true where this proves the peer dead */
  ended(channel: Channel, how: ChannelEnd): boolean {
    const peer = channel.dialedNode === undefined ? undefined : this.pool.peers.get(channel.dialedNode);
    if (peer === undefined || peer.dial.channel !== channel.id) return false;
    peer.dial.channel = undefined;
    if (channel.up) {
      peer.dial.nextMs = this.pool.nowMs + RETRY_MS;
      return false;
    }
    this.failed(peer, how);
    if (how !== 'refused') return false;
    // Not there only where no place of it takes a call: one of them may be another host's by now.
    peer.dial.refused += 1;
    if (!isUp(peer) && peer.dial.refused >= targets(peer, this.pool.port).length) peer.absent = true;
    return peer.state === 'suspect' && isHome(peer, channel.remote);
  }

  /** The dialed connection has become a session, or stands beside one. */
  settled(channel: Channel): void {
    if (this.isOlder(channel)) this.rekeyMs = Math.min(this.rekeyMs, this.pool.nowMs + REKEY_EVERY_MS);
    if (channel.dialedNode === undefined) this.overtaken(channel);
    const peer = channel.dialedNode === undefined ? undefined : this.pool.peers.get(channel.dialedNode);
    if (peer?.dial.channel !== channel.id) return;
    peer.dial.channel = undefined;
    peer.dial.attempt = 0;
    peer.dial.refused = 0;
    peer.dial.nextMs = this.pool.nowMs + RETRY_MS;
  }

  /** The lower name's connection is the one to keep: a dial of ours that is still under way would only be refused. */
  private overtaken({ hello }: Channel): void {
    const peer = hello && this.pool.peers.get(hello.node);
    if (peer?.dial.channel === undefined || this.pool.node < peer.node) return;
    this.abandon(peer);
    peer.dial.nextMs = this.pool.nowMs + RETRY_MS;
  }

  /** Sessions under older keys move to the newest without a gap, each as soon as the other side has it too. */
  private moveToNewest(): void {
    this.rekeyMs = Infinity;
    if (this.pool.ledger.leaving) return;
    for (const peer of this.pool.peers.values()) {
      const channel = peer.session?.channel;
      if (channel === undefined || !this.isOlder(channel) || !this.isOurs(peer)) continue;
      this.rekeyMs = this.pool.nowMs + REKEY_EVERY_MS;
      if (peer.dial.channel !== undefined) continue;
      peer.dial.attempt = 0;
      this.dial(peer);
    }
  }

  private isOlder(channel: Channel): boolean {
    const [newest] = this.pool.ring.keys;
    return newest !== undefined && channel.key.identity !== newest.identity;
  }

  private dueAt(peer: Peer): number {
    if (peer.session?.channel !== undefined || peer.dial.channel !== undefined) return Infinity;
    if (targets(peer, this.pool.port).length === 0 || this.pool.ring.keys.length === 0) return Infinity;
    if (this.pool.ledger.leaving) return Infinity;
    if (this.isOurs(peer) || peer.state === 'suspect') return peer.dial.nextMs;
    return peer.contactMs === undefined ? Infinity : Math.max(peer.dial.nextMs, peer.contactMs + HIGHER_NAME_WAITS_MS);
  }

  /** The lower name dials; a member that cannot hear hellos, everybody. */
  private isOurs(peer: Peer): boolean {
    return this.pool.node < peer.node || this.pool.ports?.deaf === true;
  }

  private dial(peer: Peer): void {
    const { keys } = this.pool.ring;
    const places = peer.state === 'suspect' ? home(peer) : targets(peer, this.pool.port);
    const { attempt } = peer.dial;
    const to = places[Math.floor(attempt / Math.max(1, keys.length)) % places.length];
    const key = keys[attempt % keys.length];
    if (to === undefined || key === undefined) {
      peer.dial.nextMs = this.pool.nowMs + RETRY_MS;
      return;
    }
    const channel = this.sessions.dial(peer, to, key);
    const { refused, inVain } = peer.dial;
    peer.dial = { channel: channel.id, startedMs: this.pool.nowMs, nextMs: Infinity, attempt, refused, to, inVain };
  }

  /** The next try: another key where ours was not known there, another place where nobody was. */
  private failed(peer: Peer, how: ChannelEnd): void {
    const { dial } = peer;
    const keys = Math.max(1, this.pool.ring.keys.length);
    if (how !== 'refused') dial.refused = 0;
    const lastKey = dial.attempt % keys === keys - 1;
    const suspected = peer.state === 'suspect' && how === 'ended' && dial.attempt < SUSPECT_RETRIES * keys;
    dial.attempt = how === 'handshake' ? dial.attempt + 1 : this.nextPlace(dial.attempt);
    if (suspected) dial.nextMs = this.pool.nowMs + SUSPECT_RETRY_MS;
    else if (how === 'handshake' && !lastKey) dial.nextMs = this.pool.nowMs;
    else if (how === 'refused' && dial.refused + 1 < targets(peer, this.pool.port).length)
      dial.nextMs = this.pool.nowMs;
    else dial.nextMs = Math.max(dial.startedMs + RETRY_MS, this.pool.nowMs + FRESH_MS);
  }

  /** The attempt after all keys of one place. */
  private nextPlace(attempt: number): number {
    const keys = Math.max(1, this.pool.ring.keys.length);
    return attempt + keys - (attempt % keys);
  }

  private abandon(peer: Peer): void {
    const channel = peer.dial.channel === undefined ? undefined : this.pool.channels.get(peer.dial.channel);
    peer.dial.channel = undefined;
    if (channel !== undefined && channel.hello === undefined) this.pool.drop(channel, 'destroy');
  }
}

/** Where its session said it listens: the one place whose refusal proves anything. */
function home(peer: Peer): Endpoint[] {
  const session = peer.session ?? peer.lapse?.session;
  if (session === undefined || session.facts.tcpPort === 0) return [];
  return [{ address: session.remoteAddress, port: session.facts.tcpPort }];
}

function isHome(peer: Peer, remote: Endpoint): boolean {
  return home(peer).some(({ address, port }) => address === remote.address && port === remote.port);
}

/** Where it was last heard, then where the Node list says it lives. */
function targets(peer: Peer, port: number): Endpoint[] {
  const listed = peer.addresses.map((address) => ({ address, port }));
  return [
    ...peer.hints,
    ...listed.filter(({ address }) => !peer.hints.some((h) => h.address === address && h.port === port)),
  ];
}
