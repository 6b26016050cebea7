import { MISSING_EVERY_MS } from './beacon.ts';
import { isSynced, isUp, type Peer } from './peer.ts';
import type { Pool } from './pool.ts';
import type { Pulse } from './pulse.ts';

/** A member that says hello and never comes to a session holds nobody up for longer. */
const PATIENCE_MS = 1500;
/** And one whose hellos have stopped for so long is gone again. */
const HELLO_FADES_MS = MISSING_EVERY_MS + 100;
/** After a stop this short the members that were gone before are taken to be gone still. */
const SHORT_PAUSE_MS = 2000;

/**
 * Has the pool been heard? After a start, after a stop of our own, and when a link comes to a member that misses
 * somebody, nothing new is claimed until every known member has told its whole word or is known not to be there:
 * nothing listens, or the LAN was silent for the dead time.
 */
export class Settling {
  settled = false;
  private quietMs: number;

  constructor(
    private readonly pool: Pool,
    private readonly pulse: Pulse,
  ) {
    this.quietMs = pool.startMs;
  }

  /** A link came up, or the first ones. */
  linkCame(): void {
    if (this.settled && [...this.pool.peers.values()].every((peer) => isUp(peer) || !peer.known)) return;
    this.unsettle();
    for (const peer of this.pool.peers.values()) if (!isUp(peer)) peer.absent = false;
  }

  /** This process had stopped. */
  paused(pausedMs: number): void {
    this.unsettle();
    if (pausedMs < SHORT_PAUSE_MS) return;
    for (const peer of this.pool.peers.values()) if (!isUp(peer)) peer.absent = false;
  }

  /** Said hello before we were settled: it is there after all. */
  hello(peer: Peer): void {
    if (!this.settled) peer.absent = false;
  }

  /** @returns true where this has just come to an end */
  run(): boolean {
    if (this.settled || !this.isHeard()) return false;
    this.settled = true;
    for (const peer of this.pool.peers.values()) if (!isUp(peer)) peer.absent = true;
    return true;
  }

  dueMs(): number {
    if (this.settled || this.pool.links.length === 0) return Infinity;
    let due = Infinity;
    const consider = (atMs: number) => {
      if (atMs > this.pool.nowMs && atMs < due) due = atMs;
    };
    consider(this.quietUntilMs());
    consider(this.quietUntilMs() + PATIENCE_MS);
    for (const peer of this.pool.peers.values()) if (!isUp(peer)) consider(this.fadesMs(peer));
    return due;
  }

  private unsettle(): void {
    this.settled = false;
    this.quietMs = this.pool.nowMs;
  }

  /** When a hello heard since the pool is listened to counts no more. */
  private fadesMs(peer: Peer): number {
    return peer.helloMs < this.quietMs ? -Infinity : peer.helloMs + HELLO_FADES_MS;
  }

  /** Silence until here is absence. */
  private quietUntilMs(): number {
    return this.quietMs + this.pool.ownDeadMs();
  }

  private isHeard(): boolean {
    const { pool } = this;
    if (pool.links.length === 0 || pool.ports === undefined) return false;
    const peers = [...pool.peers.values()];
    // Who cannot hear the others must not take their silence for absence.
    const mute = pool.ports.deaf || pool.ring.keys.length === 0;
    if (mute && peers.some((p) => p.known) && !peers.some(isSynced)) return false;
    const quiet = pool.nowMs >= this.quietUntilMs();
    if (pool.nowMs >= this.quietUntilMs() + PATIENCE_MS) return true;
    if (!quiet && !peers.some((peer) => peer.known)) return false; // nobody named: somebody may be there all the same
    return peers.every((peer) => {
      if (isUp(peer)) return peer.state !== 'joining' && this.pulse.echoed(peer);
      if (peer.absent) return true;
      return quiet && pool.nowMs >= this.fadesMs(peer);
    });
  }
}
