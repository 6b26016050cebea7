import { LRUCache } from 'lru-cache';
import { type Seed, score, seedOf } from './score.ts';

/** Scores by name, with the hashes remembered. Bounded: names come from the LAN, and the cache takes its room at once. */
export class Seeds {
  private readonly seeds: LRUCache<string, Seed>;

  constructor(max = 8192) {
    this.seeds = new LRUCache({ max });
  }

  score(node: string, address: string): number {
    return score(this.of(node), this.of(address));
  }

  /** true where `a` goes before `b` for `address`; equal scores are settled by name. */
  beats(a: string, b: string, address: string): boolean {
    const left = this.score(a, address);
    const right = this.score(b, address);
    return left === right ? a < b : left > right;
  }

  private of(name: string): Seed {
    let seed = this.seeds.get(name);
    if (seed === undefined) {
      seed = seedOf(name);
      this.seeds.set(name, seed);
    }
    return seed;
  }
}
