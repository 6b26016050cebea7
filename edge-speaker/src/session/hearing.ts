import type { Channel } from './channel.ts';
import type { Facts, Message } from './messages.ts';
import { isSynced, type Peer } from './peer.ts';
import type { Pool } from './pool.ts';
import { type Heard, hearClaims, hearOffers } from './told.ts';

/** What a member's word changes: its offers, its claims, its facts, its farewell. */
export class Hearing {
  constructor(private readonly pool: Pool) {}

  /** @returns why the session must end, or undefined */
  hear(channel: Channel, peer: Peer, m: Exclude<Message, { t: 'hello' }>): string | undefined {
    const { pool } = this;
    switch (m.t) {
      case 'about':
        this.facts(peer, m);
        return undefined;
      case 'offers':
      case 'offers-delta': {
        const refusal = this.heed(channel, peer, hearOffers(peer.offers, m), (address) => {
          const item = peer.offers.entries.get(address);
          if (item !== undefined) pool.ledger.hear(item);
        });
        if (m.seen > peer.seenRv) peer.seenRv = m.seen;
        this.prune();
        return refusal;
      }
      case 'claims':
      case 'claims-delta': {
        const counts = isSynced(peer);
        const told = m.t === 'claims' ? m.items : m.set;
        const news = new Set(told.filter((address) => !peer.claims.entries.has(address)));
        return this.heed(channel, peer, hearClaims(peer.claims, m, pool.nowMs), (address) => {
          if (!peer.claims.entries.has(address)) return;
          pool.ledger.heardOf(address);
          if (counts && news.has(address)) pool.ledger.meet(address, 'crossed');
        });
      }
      case 'ask-full':
        channel.teller.tellAgain(m.what);
        return undefined;
      case 'farewell':
        pool.ledger.judgeAnew(peer.offers.entries.keys());
        pool.note('info', 'member says farewell', { member: peer.node, reason: m.reason });
        pool.setState(peer, 'leaving');
        return undefined;
    }
  }

  /** Its MACs are known from its first message on. */
  learnMacs(node: string, { macs }: Facts): void {
    for (const { mac } of macs) this.pool.macs.set(mac, node);
  }

  /** A member counts when all of its word is here and its heartbeats come through. */
  advance(peer: Peer): void {
    if (peer.state !== 'joining' || !peer.offers.complete || !peer.claims.complete || !peer.session?.beaten) return;
    this.pool.setState(peer, 'alive');
    for (const address of peer.claims.entries.keys()) this.pool.ledger.meet(address, 'healed');
    this.pool.ledger.judgeAnew(peer.offers.entries.keys());
    this.pool.ledger.judgeAnew(peer.claims.entries.keys());
  }

  /** Tombstones that every known member has outgrown. */
  prune(): void {
    let seenByAll = this.pool.ledger.seenRv;
    for (const { seenRv } of this.pool.peers.values()) if (seenRv < seenByAll) seenByAll = seenRv;
    this.pool.ledger.prune(seenByAll);
  }

  private facts(peer: Peer, facts: Facts): void {
    if (peer.session === undefined) return;
    const before = peer.session.facts.standing;
    // A shorter dead time may hold from now on: what went before was still sent at the longer interval.
    if (facts.heartbeatMs < peer.session.facts.heartbeatMs) peer.session.heardMs = this.pool.nowMs;
    peer.session.facts = { ...peer.session.facts, ...facts, t: 'hello' };
    if (facts.standing !== before) this.pool.ledger.judgeAnew(peer.offers.entries.keys());
    this.learnMacs(peer.node, facts);
    this.pool.out.push({ kind: 'changed' });
  }

  private heed(channel: Channel, peer: Peer, heard: Heard, each: (address: string) => void): string | undefined {
    if (heard === 'too-much') return 'message-too-many-addresses';
    if ('ask' in heard) {
      this.pool.send(channel, heard.ask);
      return undefined;
    }
    for (const address of heard.changed) each(address);
    this.pool.ledger.judgeAnew(heard.changed);
    if (heard.changed.length > 0) this.pool.out.push({ kind: 'changed' });
    this.advance(peer);
    return undefined;
  }
}
