import { LRUCache } from 'lru-cache';
import type { Tombstone } from './offer.ts';

/**
 * Addresses known to have been given up, own and heard. Members tell on what they heard, so that all judge alike and
 * the knowledge outlives the member that had it. One is kept until every known member's view is newer, and the oldest
 * goes first where there are too many.
 */
export class Tombstones {
  private readonly kept: LRUCache<string, Tombstone>;
  private pushedOut: string[] = [];

  constructor(max = 2048) {
    this.kept = new LRUCache({
      max,
      dispose: (_, address, why) => {
        if (why === 'evict') this.pushedOut.push(address);
      },
    });
  }

  get(address: string): Tombstone | undefined {
    return this.kept.peek(address);
  }

  /** @returns true where this is news */
  learn(tombstone: Tombstone): boolean {
    const known = this.kept.peek(tombstone.address);
    if (known !== undefined && known.rv >= tombstone.rv) return false;
    this.kept.set(tombstone.address, tombstone);
    return true;
  }

  /** The address is in use again, by word of the API at `rv`. @returns true where a tombstone went */
  revive(address: string, rv: bigint): boolean {
    const known = this.kept.peek(address);
    return known !== undefined && known.rv <= rv && this.kept.delete(address);
  }

  /** Forgets what every member has seen for itself. @returns the addresses forgotten */
  prune(seenByAll: bigint): string[] {
    const gone: string[] = [];
    for (const [address, { rv }] of this.kept.entries()) if (rv <= seenByAll) gone.push(address);
    for (const address of gone) this.kept.delete(address);
    return gone;
  }

  /** @returns the addresses forgotten */
  clear(): string[] {
    const gone = this.addresses();
    this.kept.clear();
    return gone;
  }

  /** Addresses whose tombstone had to go for want of room, since the last call. */
  takePushedOut(): string[] {
    const { pushedOut } = this;
    if (pushedOut.length > 0) this.pushedOut = [];
    return pushedOut;
  }

  addresses(): string[] {
    return [...this.kept.keys()];
  }
}
