import type { LanLink } from '../ports/peer-socket.ts';
import { Beacon } from './beacon.ts';
import { Dialer } from './dialer.ts';
import type { Effect, Fact, MemberSnapshot } from './facts.ts';
import { Hearing } from './hearing.ts';
import { TYPE_HEARTBEAT } from './heartbeat.ts';
import { DATAGRAM_MAGIC, decodeHello, TYPE_HELLO } from './hello.ts';
import { OwnStanding } from './own-standing.ts';
import { isUp, type Peer } from './peer.ts';
import { hashSite, Pool, type PoolConfig } from './pool.ts';
import { Pulse } from './pulse.ts';
import { nameMembers } from './roster.ts';
import { Sessions } from './sessions.ts';
import { Settling } from './settling.ts';
import { membersOf, ownersOf } from './snapshots.ts';

/**
 * One member of the pool session as a machine: facts in, effects out, time handed in. The parts share a {@link Pool}:
 * hellos (beacon), dials, sessions, heartbeats (pulse), the right to claim (settling), and the ledger of the election.
 */
export class PoolMachine {
  private readonly pool: Pool;
  private readonly hearing: Hearing;
  private readonly sessions: Sessions;
  private readonly dialer: Dialer;
  private readonly beacon: Beacon;
  private readonly pulse: Pulse;
  private readonly settling: Settling;
  private readonly standing: OwnStanding;

  constructor(config: PoolConfig) {
    this.pool = new Pool(config);
    this.hearing = new Hearing(this.pool);
    this.sessions = new Sessions(this.pool, this.hearing);
    this.dialer = new Dialer(this.pool, this.sessions);
    this.beacon = new Beacon(this.pool);
    this.pulse = new Pulse(this.pool);
    this.settling = new Settling(this.pool, this.pulse);
    this.standing = new OwnStanding(this.pool, this.settling);
    this.sessions.onBegin = (peer) => {
      if (peer.session?.channel !== undefined) this.dialer.settled(peer.session.channel);
      this.pulse.greet(peer);
    };
  }

  /** Never throws, whatever the LAN sends. */
  step(fact: Fact, nowMs: number): Effect[] {
    const { pool } = this;
    pool.nowMs = Math.max(pool.nowMs, nowMs);
    pool.out = [];
    this.noticePause();
    this.handle(fact);
    this.runDue();
    if (this.settling.run()) {
      pool.note('info', 'pool heard', { members: [...pool.peers.values()].filter(isUp).length });
      pool.ledger.judgeAll();
    }
    this.stand();
    pool.out.push(...pool.ledger.decide(pool.views(), this.settling.settled && !pool.ledger.leaving, pool.nowMs));
    this.tell();
    return pool.out;
  }

  /** When the machine wants a tick at the latest, monotonic ms. */
  dueMs(): number {
    const parts = [this.pulse, this.dialer, this.beacon, this.settling, this.standing, this.pool.ledger];
    return Math.min(...parts.map((part) => part.dueMs()));
  }

  newChannel(): number {
    return this.pool.newChannel();
  }

  members(): MemberSnapshot[] {
    return membersOf(this.pool);
  }

  owners(): Map<string, string> {
    return ownersOf(this.pool);
  }

  /** MAC → node of each member that told one, the dead of this run among them: their last frames are no conflict. */
  macs(): ReadonlyMap<string, string> {
    return new Map(this.pool.macs.entries());
  }

  takeMemory(): string[] | undefined {
    return this.pool.ledger.takeMemory();
  }

  get settled(): boolean {
    return this.settling.settled;
  }

  get holds(): number {
    return this.pool.ledger.holdings.size;
  }

  private handle(fact: Fact): void {
    const { pool } = this;
    switch (fact.kind) {
      case 'tick':
        return;
      case 'bound':
        pool.ports = fact.ports;
        return;
      case 'datagram':
        this.datagram(fact.bytes, fact.from);
        return;
      case 'accepted':
        this.sessions.accepted(fact.channel, fact.remote, fact.identity);
        return;
      case 'channel-up': {
        const channel = pool.channels.get(fact.channel);
        if (channel !== undefined) this.sessions.up(channel);
        return;
      }
      case 'channel-data': {
        const channel = pool.channels.get(fact.channel);
        if (channel !== undefined) this.sessions.data(channel, fact.bytes);
        return;
      }
      case 'channel-down':
        this.channelDown(fact.channel, fact.how);
        return;
      case 'keys':
        pool.ring = fact.ring;
        this.dialer.rekey();
        return;
      case 'site':
        pool.site = fact.site;
        pool.configHash = hashSite(fact.site);
        pool.ledger.failBack = fact.site.failBack;
        pool.ledger.judgeAll();
        this.tellFacts();
        return;
      case 'members':
        nameMembers(pool, fact.members);
        return;
      case 'links':
        this.linked(fact.links);
        return;
      case 'offers':
        pool.ledger.setOffers(fact.items, fact.seenRv);
        this.standing.viewLoaded = true;
        this.hearing.prune();
        return;
      case 'draining':
        this.standing.draining = fact.draining;
        return;
      case 'failed':
        pool.out.push(...pool.ledger.failed(fact.address));
        return;
      case 'leave':
        this.leave(fact.reason);
        return;
    }
  }

  private noticePause(): void {
    const { pool } = this;
    const pausedMs = this.pulse.pausedMs();
    if (pausedMs === 0) return;
    this.pulse.doubt();
    if (pool.peers.size === 0) return; // alone by all accounts: nobody can have taken over
    pool.count('paused');
    pool.note('warn', 'this process had stopped; the pool is heard anew', { pausedMs: Math.round(pausedMs) });
    this.settling.paused(pausedMs);
    pool.out.push(...pool.ledger.drop('paused'));
  }

  private runDue(): void {
    for (const peer of this.pulse.run()) this.bury(peer, 'silent');
    this.dialer.run();
    this.beacon.run();
    this.sessions.sweep();
  }

  /** The others hear of a change before they hear what it did to the claims. */
  private stand(): void {
    const { pool } = this;
    const before = pool.ledger.standing;
    if (!this.standing.run()) return;
    const { standing } = pool.ledger;
    pool.note(standing === 'minority' ? 'warn' : 'info', 'own standing changed', { from: before, to: standing });
    this.tellFacts();
    pool.ledger.judgeAll();
    if (standing === 'minority') pool.out.push(...pool.ledger.drop('minority'));
    pool.out.push({ kind: 'changed' });
  }

  private datagram(bytes: Buffer, from: { address: string; port: number }): void {
    const { pool } = this;
    if (bytes.length < 8 || !bytes.subarray(0, 3).equals(DATAGRAM_MAGIC)) {
      pool.count('datagram-foreign');
      return;
    }
    if (bytes[3] === TYPE_HEARTBEAT) {
      const peer = this.pulse.hear(bytes, from);
      if (peer !== undefined) this.hearing.advance(peer);
      return;
    }
    if (bytes[3] !== TYPE_HELLO) {
      pool.count('datagram-unknown-kind');
      return;
    }
    const hello = decodeHello(bytes, pool.ring);
    if (typeof hello === 'string') {
      pool.count(hello);
      return;
    }
    const peer = this.beacon.hear(hello, from);
    if (peer === undefined) return;
    this.settling.hello(peer);
    this.dialer.hello(peer);
  }

  private channelDown(id: number, how: Parameters<Sessions['down']>[1]): void {
    const channel = this.pool.channels.get(id);
    if (channel === undefined) return;
    const provenDead = this.dialer.ended(channel, how);
    const peer = this.sessions.down(channel, how);
    if (peer?.state === 'suspect') this.dialer.suspect(peer);
    const dialed = channel.dialedNode === undefined ? undefined : this.pool.peers.get(channel.dialedNode);
    if (provenDead && dialed !== undefined) this.bury(dialed, 'refused');
  }

  private bury(peer: Peer, why: string): void {
    this.sessions.bury(peer, why);
    this.beacon.missed();
  }

  private linked(links: readonly LanLink[]): void {
    const { pool } = this;
    const before = new Set(pool.links.map(({ name, ip }) => `${name} ${ip}`));
    pool.links = links;
    if (links.some(({ name, ip }) => !before.has(`${name} ${ip}`))) {
      this.settling.linkCame();
      this.beacon.linkCame();
    }
    this.tellFacts();
  }

  private leave(reason: string): void {
    const { pool } = this;
    if (pool.ledger.leaving) return;
    pool.ledger.leaving = true;
    pool.ledger.judgeAll();
    this.eachSession((channel) => pool.send(channel, { t: 'farewell', reason }));
  }

  private tellFacts(): void {
    this.eachSession((channel) => this.pool.send(channel, { t: 'about', ...this.pool.facts() }));
  }

  private tell(): void {
    const { ledger } = this.pool;
    const { offers, claims } = ledger.takeChanges();
    const own = { items: ledger.items, claims: ledger.holdings, seenRv: ledger.seenRv };
    this.eachSession((channel) => {
      for (const address of offers) channel.teller.offerChanged(address);
      for (const address of claims) channel.teller.claimChanged(address);
      for (const message of channel.teller.flush(own)) this.pool.send(channel, message);
    });
  }

  private eachSession(run: (channel: NonNullable<NonNullable<Peer['session']>['channel']>) => void): void {
    for (const { session } of this.pool.peers.values()) if (session?.channel !== undefined) run(session.channel);
  }
}
