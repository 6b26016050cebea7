import { WordPages } from './word-pages.ts';

const WORD_BITS = 32;
/** One past the largest member. */
export const BIT_TREE_SPAN = 2 ** 32;

/**
 * A sparse set of whole numbers below 2^32 that finds the next absent number without walking the present ones.
 *
 * Level 0 holds one bit per number, level n+1 one bit per *full* word of level n. So a run of k present numbers is
 * crossed in log32(k) steps, and only words that hold something cost memory.
 */
export class BitTree {
  readonly #levels: WordPages[] = [new WordPages()];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(member: number): boolean {
    return ((this.#word(0, member >>> 5) >>> (member & 31)) & 1) === 1;
  }

  add(member: number): void {
    let index = member;
    for (let level = 0; ; level++) {
      const words = this.#levels[level] ?? this.#grow();
      const at = index >>> 5;
      const before = words.get(at);
      const word = before | (1 << (index & 31));
      if (word === before) return; // a member already
      if (level === 0) this.#size++;
      words.set(at, word);
      if (word !== -1) return;
      index = at;
    }
  }

  delete(member: number): void {
    let index = member;
    for (let level = 0; ; level++) {
      const words = this.#levels[level];
      const at = index >>> 5;
      const before = words?.get(at) ?? 0;
      const word = before & ~(1 << (index & 31));
      if (word === before) return; // no member
      if (level === 0) this.#size--;
      words?.set(at, word);
      if (before !== -1) return; // the parent counts full words only
      index = at;
    }
  }

  /** In no order. */
  *members(): Iterable<number> {
    for (const [at, word] of this.#levels[0]?.entries() ?? []) {
      for (let left = word; left !== 0; left &= left - 1) yield at * WORD_BITS + lowestBit(left);
    }
  }

  /** The smallest absent number at or after `from`; {@link BIT_TREE_SPAN} or more when there is none. */
  nextAbsent(from: number): number {
    let index = from;
    let level = 0;
    for (; ; level++) {
      const at = Math.floor(index / WORD_BITS);
      const absent = ~this.#word(level, at) & (-1 << (index & 31));
      if (absent !== 0) {
        index = at * WORD_BITS + lowestBit(absent);
        break;
      }
      index = at + 1;
    }
    for (; level > 0; level--) index = index * WORD_BITS + lowestBit(~this.#word(level - 1, index));
    return index;
  }

  #word(level: number, at: number): number {
    return this.#levels[level]?.get(at) ?? 0;
  }

  #grow(): WordPages {
    const words = new WordPages();
    this.#levels.push(words);
    return words;
  }
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}
