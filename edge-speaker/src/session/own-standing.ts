import type { Standing } from '../election/offer.ts';
import type { Pool } from './pool.ts';
import type { Settling } from './settling.ts';
import { Sight } from './sight.ts';

/** How this member stands, told to the others. */
export class OwnStanding {
  draining = false;
  /** The hub said what it can answer for. */
  viewLoaded = false;
  /** Since when nothing was wrong here, or undefined. */
  private wellMs: number | undefined;
  private readonly sight: Sight;

  constructor(
    private readonly pool: Pool,
    private readonly settling: Settling,
  ) {
    this.sight = new Sight(pool, settling);
    pool.ledger.standing = this.now(); // a session that begins in the first step tells the truth
  }

  /** @returns true where it has changed; then the others must hear of it */
  run(): boolean {
    const { ledger } = this.pool;
    const before = ledger.standing;
    ledger.standing = this.now();
    return ledger.standing !== before;
  }

  /** When a young member is ready. */
  dueMs(): number {
    return this.pool.ledger.standing === 'young' ? this.readyMs() : Infinity;
  }

  private now(): Standing {
    const { pool } = this;
    const seesEnough = this.sight.suffices();
    const well =
      pool.ports !== undefined && pool.links.length > 0 && this.viewLoaded && this.settling.settled && seesEnough;
    this.wellMs = well ? (this.wellMs ?? pool.nowMs) : undefined;
    if (!seesEnough) return 'minority';
    if (this.draining) return 'draining';
    return pool.site.minReadySeconds === 0 || pool.nowMs >= this.readyMs() ? 'ready' : 'young';
  }

  private readyMs(): number {
    return this.wellMs === undefined ? Infinity : this.wellMs + this.pool.site.minReadySeconds * 1000;
  }
}
