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
  private changed = false;
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
    if (ledger.standing === before) return false;
    this.changed = true;
    this.pool.note(ledger.standing === 'minority' ? 'warn' : 'info', 'own standing changed', {
      from: before,
      to: ledger.standing,
    });
    return true;
  }

  /** What a change means for the claims. Comes once the others have been told of it. */
  heed(): void {
    const { ledger, out } = this.pool;
    if (!this.changed) return;
    this.changed = false;
    ledger.judgeAll();
    if (ledger.standing === 'minority') out.push(...ledger.drop('minority'));
    out.push({ kind: 'changed' });
  }

  /** How it stands, for people; `readyInMs`: until a young member is ready that stays well, absent where it is not well yet. */
  look(): { standing: Standing; readyInMs?: number } {
    const { standing } = this.pool.ledger;
    const readyMs = this.dueMs();
    return readyMs === Infinity ? { standing } : { standing, readyInMs: Math.max(0, readyMs - this.pool.nowMs) };
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
