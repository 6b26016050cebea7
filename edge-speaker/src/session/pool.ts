import { createHash } from 'node:crypto';
import { MISSED_HEARTBEATS, type SiteConfig } from '@openyurt/nodepool-types';
import { LRUCache } from 'lru-cache';
import { Ledger } from '../election/ledger.ts';
import { type MemberView, wasAsked } from '../election/offer.ts';
import { Seeds } from '../election/seeds.ts';
import type { BoundPorts, LanLink } from '../ports/peer-socket.ts';
import type { Channel } from './channel.ts';
import type { Effect, MemberState, NoteFields } from './facts.ts';
import { encodeFrame } from './frames.ts';
import { type Facts, MAX_LINKS, type Message, toJson } from './messages.ts';
import { isSynced, isUp, newPeer, type Peer } from './peer.ts';
import type { PoolKeyRing } from './pool-keys.ts';
import type { Session } from './session.ts';

/** Most members one pool may have, named or heard. */
export const MAX_MEMBERS = 256;

export interface PoolConfig {
  readonly node: string;
  readonly incarnation: bigint;
  readonly ring: PoolKeyRing;
  readonly site: SiteConfig;
  /** Where members listen that told nothing else. */
  readonly port: number;
  readonly startMs: number;
  readonly announcedBefore: Iterable<string>;
  readonly randomBytes: (size: number) => Buffer;
}

/** What the parts of the pool machine share: the members, their channels, the ledger, and the effects of this step. */
export class Pool {
  readonly node: string;
  readonly incarnation: bigint;
  readonly port: number;
  readonly startMs: number;
  readonly randomBytes: (size: number) => Buffer;
  readonly seeds = new Seeds();
  readonly ledger: Ledger;
  readonly peers = new Map<string, Peer>();
  readonly channels = new Map<number, Channel>();
  readonly sessions = new Map<bigint, Peer>();
  /** MAC → node, as members told them. */
  readonly macs = new LRUCache<string, string>({ max: 1024 });
  ring: PoolKeyRing;
  /** Since when the keys are these. */
  ringMs: number;
  site: SiteConfig;
  /** 16 hex digits. */
  configHash: string;
  ports: BoundPorts | undefined;
  links: readonly LanLink[] = [];
  nowMs: number;
  out: Effect[] = [];
  private lastChannel = 0;

  constructor(config: PoolConfig) {
    this.node = config.node;
    this.incarnation = config.incarnation;
    this.port = config.port;
    this.startMs = config.startMs;
    this.nowMs = config.startMs;
    this.randomBytes = config.randomBytes;
    this.ring = config.ring;
    this.ringMs = config.startMs;
    this.site = config.site;
    this.configHash = hashSite(config.site);
    this.ledger = new Ledger(config.node, this.seeds, config.announcedBefore, (address) =>
      this.isAskedElsewhere(address),
    );
    this.ledger.failBack = config.site.failBack;
  }

  setRing(ring: PoolKeyRing): void {
    this.ring = ring;
    this.ringMs = this.nowMs;
    this.note('info', 'pool keys changed', { keys: ring.keys.map(({ id }) => id).join(' ') });
  }

  setSite(site: SiteConfig): void {
    this.site = site;
    this.configHash = hashSite(site);
    this.ledger.failBack = site.failBack;
    this.ledger.judgeAll();
  }

  /** @returns whether one came, or has another address */
  setLinks(links: readonly LanLink[]): boolean {
    const placeOf = ({ name, ips }: LanLink) => `${name} ${ips[0]}`;
    const before = new Set(this.links.map(placeOf));
    this.links = links;
    return links.some((link) => !before.has(placeOf(link)));
  }

  newChannel(): number {
    return ++this.lastChannel;
  }

  /** @returns undefined where there are too many */
  peer(node: string): Peer | undefined {
    const known = this.peers.get(node);
    if (known !== undefined || this.peers.size >= MAX_MEMBERS) return known;
    const peer = newPeer(node, this.nowMs);
    this.peers.set(node, peer);
    return peer;
  }

  /** The key was taken from the Secret. A Secret without any takes nothing away: it is a mistake, and no reason to part. */
  isTakenBack(identity: string): boolean {
    return this.ring.keys.length > 0 && this.ring.ofIdentity(identity) === undefined;
  }

  /** Its heartbeats count no more. */
  forgetLapse(peer: Peer): void {
    const { lapse, session } = peer;
    peer.lapse = undefined;
    if (lapse !== undefined && lapse.session !== session) this.sessions.delete(lapse.session.keys.sessionId);
  }

  setState(peer: Peer, state: MemberState): void {
    if (peer.state === state) return;
    this.ledger.stirred();
    this.note('info', 'member state changed', { member: peer.node, from: peer.state, to: state });
    peer.state = state;
    peer.sinceMs = this.nowMs;
    this.out.push({ kind: 'changed' });
  }

  /** What elections are judged by: our own word, and that of members that live. */
  views(): MemberView[] {
    const views = [this.ledger.view()];
    for (const peer of this.peers.values()) {
      if (!isUp(peer)) continue;
      const standing = peer.session?.facts.standing ?? 'ready';
      const offering = isSynced(peer) && standing !== 'minority';
      const { node, seenRv } = peer;
      views.push({ node, items: peer.offers.entries, claims: peer.claims.entries, seenRv, offering, standing });
    }
    return views;
  }

  private isAskedElsewhere(address: string): boolean {
    for (const { offers } of this.peers.values()) if (wasAsked(offers.entries.get(address))) return true;
    return false;
  }

  /** Heartbeat silence that proves a death, ms: three missed, and half an interval for the one that is late. */
  ownDeadMs(): number {
    return this.site.heartbeatMs * (MISSED_HEARTBEATS + 0.5);
  }

  /** Until all agree on the configuration, the most patient member's dead time holds. */
  deadMs(): number {
    let deadMs = this.ownDeadMs();
    for (const { session } of this.peers.values()) {
      if (session !== undefined && !this.sameConfig(session)) deadMs = Math.max(deadMs, session.facts.deadMs);
    }
    return deadMs;
  }

  sameConfig(session: Session): boolean {
    return session.facts.configHash === this.configHash;
  }

  facts(): Facts {
    return {
      configHash: this.configHash,
      heartbeatMs: this.site.heartbeatMs,
      deadMs: Math.ceil(this.ownDeadMs()),
      tcpPort: this.ports?.tcp ?? 0,
      udpPort: this.ports?.udp ?? 0,
      macs: this.links.slice(0, MAX_LINKS).map(({ name, mac }) => ({ link: name, mac })),
      standing: this.ledger.standing,
    };
  }

  send(channel: Channel, message: Message): void {
    this.out.push({ kind: 'send', channel: channel.id, bytes: encodeFrame(toJson(message)) });
  }

  /** `end` lets what was sent arrive. */
  drop(channel: Channel, how: 'end' | 'destroy'): void {
    this.channels.delete(channel.id);
    this.out.push({ kind: how, channel: channel.id });
  }

  count(reason: string): void {
    this.out.push({ kind: 'count', reason });
  }

  note(level: 'info' | 'warn', msg: string, fields: NoteFields): void {
    this.out.push({ kind: 'note', level, msg, fields });
  }
}

/** First 8 bytes of the SHA-256 of the configuration with sorted keys, in hex. */
export function hashSite(site: SiteConfig): string {
  return createHash('sha256').update(canonicalJson(site)).digest('hex').slice(0, 16);
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, v]) => `${JSON.stringify(key)}:${canonicalJson(v)}`).join(',')}}`;
}
