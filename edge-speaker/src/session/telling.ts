import type { Channel } from './channel.ts';
import type { Message } from './messages.ts';
import type { Pool } from './pool.ts';

/** This member's word, to each session: what changed of it, and the whole where that is yet to be heard. */
export class Telling {
  /** Channels that may have to be told more than what changes. */
  private readonly owed = new Set<Channel>();
  private toldSeen = -1n;

  constructor(private readonly pool: Pool) {}

  /** It has just begun, or may have asked for the whole. */
  owe(channel: Channel): void {
    this.owed.add(channel);
  }

  /** Offers and claims. */
  run(): void {
    const { pool } = this;
    const { ledger } = pool;
    const { offers, claims } = ledger.takeChanges();
    const own = { items: ledger.items, claims: ledger.holdings, seenRv: ledger.seenRv };
    const tellOne = (channel: Channel) => {
      const { teller } = channel;
      for (const address of offers) teller.offerChanged(address);
      for (const address of claims) teller.claimChanged(address);
      if (!teller.isDue(own)) return;
      for (const message of teller.flush(own)) pool.send(channel, message);
    };
    if (offers.size + claims.size > 0 || own.seenRv !== this.toldSeen) this.each(tellOne);
    else for (const channel of this.owed) if (this.isSession(channel)) tellOne(channel);
    this.toldSeen = own.seenRv;
    this.owed.clear();
  }

  facts(): void {
    this.all({ t: 'about', ...this.pool.facts() });
  }

  farewell(reason: string): void {
    this.all({ t: 'farewell', reason });
  }

  private all(message: Message): void {
    this.each((channel) => this.pool.send(channel, message));
  }

  private isSession(channel: Channel): boolean {
    return channel.hello !== undefined && this.pool.peers.get(channel.hello.node)?.session?.channel === channel;
  }

  private each(run: (channel: Channel) => void): void {
    for (const { session } of this.pool.peers.values()) if (session?.channel !== undefined) run(session.channel);
  }
}
