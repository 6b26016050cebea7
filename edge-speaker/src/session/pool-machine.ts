import type { LanLink } from '../ports/peer-socket.ts';
import { Beacon } from './beacon.ts';
import { Datagrams } from './datagrams.ts';
import { Deaths } from './deaths.ts';
import { Dialer } from './dialer.ts';
import { Doubt } from './doubt.ts';
import type { Effect, Fact, MemberSnapshot } from './facts.ts';
import { Hearing } from './hearing.ts';
import { heldForMs } from './holders.ts';
import { Lapses } from './lapse.ts';
import { OwnStanding } from './own-standing.ts';
import { isUp } from './peer.ts';
import { Pool, type PoolConfig } from './pool.ts';
import { Pulse } from './pulse.ts';
import { nameMembers } from './roster.ts';
import { Sessions } from './sessions.ts';
import { Settling } from './settling.ts';
import { membersOf, ownersOf } from './snapshots.ts';
import { Telling } from './telling.ts';

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
  private readonly lapses: Lapses;
  private readonly settling: Settling;
  private readonly standing: OwnStanding;
  /** What {@link dueMs} said last, while it holds. */
  private nextMs: number | undefined;
  private readonly telling: Telling;
  private readonly datagrams: Datagrams;
  private readonly deaths: Deaths;
  private readonly doubt: Doubt;

  constructor(config: PoolConfig) {
    this.pool = new Pool(config);
    this.hearing = new Hearing(this.pool);
    this.sessions = new Sessions(this.pool, this.hearing);
    this.dialer = new Dialer(this.pool, this.sessions);
    this.beacon = new Beacon(this.pool);
    this.pulse = new Pulse(this.pool);
    this.lapses = new Lapses(this.pool, this.pulse);
    this.settling = new Settling(this.pool, this.pulse);
    this.standing = new OwnStanding(this.pool, this.settling);
    this.telling = new Telling(this.pool);
    const { pulse, lapses, beacon, dialer, settling, sessions, hearing } = this;
    this.deaths = new Deaths(this.pool, dialer, sessions, beacon);
    this.doubt = new Doubt(this.pool, pulse, settling);
    const parts = { pulse, lapses, beacon, dialer, settling, hearing, deaths: this.deaths };
    this.datagrams = new Datagrams(this.pool, parts);
    this.sessions.onBegin = (peer) => {
      if (peer.session?.channel !== undefined) this.dialer.settled(peer.session.channel);
      if (peer.session?.channel !== undefined) this.telling.owe(peer.session.channel);
      this.pulse.greet(peer);
    };
    this.sessions.onSilence = (peer, session) => this.lapses.begin(peer, session);
  }

  /** Never throws, whatever the LAN sends. {@link tell} comes after its effects. */
  step(fact: Fact, nowMs: number): Effect[] {
    const { pool } = this;
    pool.nowMs = Math.max(pool.nowMs, nowMs);
    pool.out = [];
    this.doubt.notice();
    this.handle(fact);
    if (fact.kind === 'datagram' && this.isQuiet()) return pool.out;
    const dueMs = this.nextMs ?? -Infinity;
    this.nextMs = undefined;
    if (fact.kind !== 'channel-data' || pool.nowMs >= dueMs) this.runDue(); // words come by the thousand, none makes a timer due
    if (this.settling.run()) {
      pool.note('info', 'pool heard', { members: [...pool.peers.values()].filter(isUp).length });
      pool.ledger.judgeAll();
    }
    if (this.standing.run()) this.telling.facts(); // the others hear of it before they hear what it did to the claims
    this.standing.heed();
    if (pool.ledger.isDue(pool.nowMs)) {
      const mayClaim = this.settling.settled && !pool.ledger.leaving;
      pool.out.push(...pool.ledger.decide(pool.views(), mayClaim, pool.nowMs));
    }
    return pool.out;
  }

  /** The hub could not do what an `announce` of the step before asked: the claim is never told. {@link tell} comes after it. */
  fail(address: string): Effect[] {
    this.nextMs = undefined;
    return this.pool.ledger.failed(address);
  }

  /** What the sessions have yet to hear: asked once the effects are done, for a claim tells of an address that is announced. */
  tell(): Effect[] {
    this.pool.out = [];
    this.pulse.heedReleases();
    this.telling.run();
    return this.pool.out;
  }

  /** When the machine wants a tick at the latest, monotonic ms. */
  dueMs(): number {
    const parts = [this.pulse, this.lapses, this.dialer, this.beacon, this.settling, this.standing, this.pool.ledger];
    this.nextMs ??= Math.min(...parts.map((part) => part.dueMs()));
    return this.nextMs;
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

  /** How long another member has held the address, ms; undefined: nobody does, or did until a death a moment ago. */
  heldElsewhereMs(address: string): number | undefined {
    return heldForMs(this.pool.peers.values(), address, this.pool.nowMs);
  }

  /** MAC → node of each member that told one, the dead of this run among them: their last frames are no conflict. */
  macs(): ReadonlyMap<string, string> {
    return new Map(this.pool.macs.entries());
  }

  ownStanding(): ReturnType<OwnStanding['look']> {
    return this.standing.look();
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
        this.pulse.beginTurn();
        pool.ledger.beginTurn();
        return;
      case 'bound':
        pool.ports = fact.ports;
        return;
      case 'datagram':
        if (this.datagrams.hear(fact.bytes, fact.from)) this.nextMs = undefined;
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
        if (channel === undefined) return;
        this.telling.owe(channel); // it may ask for the whole
        this.sessions.data(channel, fact.bytes);
        return;
      }
      case 'channel-down':
        this.deaths.channelDown(fact.channel, fact.how);
        return;
      case 'keys':
        pool.setRing(fact.ring);
        this.dialer.rekey();
        return;
      case 'site':
        pool.setSite(fact.site);
        this.telling.facts();
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
      case 'offers-changed':
        pool.ledger.changeOffers(fact.set, fact.gone, fact.seenRv);
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

  /**
   * The datagram just handled moved nothing, as nearly all heartbeats do, and nothing is due: a heartbeat only defers a
   * death. Heartbeats grow with the square of the members, so none of them may cost a look at every member.
   */
  private isQuiet(): boolean {
    const { pool, nextMs } = this;
    if (!this.settling.settled || nextMs === undefined || pool.nowMs >= nextMs || pool.ledger.isDue(pool.nowMs))
      return false;
    return pool.out.every(({ kind }) => kind === 'datagram' || kind === 'count');
  }

  private runDue(): void {
    for (const peer of this.pulse.run()) this.deaths.bury(peer, 'silent');
    this.dialer.run();
    this.beacon.run();
    this.lapses.run();
    this.sessions.sweep();
  }

  private linked(links: readonly LanLink[]): void {
    if (this.pool.setLinks(links)) {
      this.settling.linkCame();
      this.beacon.linkCame();
    }
    this.telling.facts();
  }

  private leave(reason: string): void {
    const { pool } = this;
    if (pool.ledger.leaving) return;
    pool.ledger.leaving = true;
    pool.ledger.judgeAll();
    this.telling.farewell(reason);
  }
}
