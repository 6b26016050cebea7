import type { Pool } from './pool.ts';
import type { Pulse } from './pulse.ts';
import type { Settling } from './settling.ts';

/** A stop of this process: the others may have taken over, so it gives up all it holds and hears them first. */
export class Doubt {
  constructor(
    private readonly pool: Pool,
    private readonly pulse: Pulse,
    private readonly settling: Settling,
  ) {}

  notice(): void {
    const { pool } = this;
    const pausedMs = this.pulse.pausedMs();
    if (pausedMs === 0) return;
    if (pool.peers.size > 0) {
      pool.count('paused');
      pool.note('warn', 'this process had stopped; the pool is heard anew', {
        pausedMs: Math.round(pausedMs),
        gaveUp: pool.ledger.holdings.size,
      });
      this.settling.paused(pausedMs);
      pool.out.push(...pool.ledger.drop('paused')); // before the next heartbeat says that nothing was taken back
    } // else alone by all accounts: nobody can have taken over
    this.pulse.doubt();
  }
}
