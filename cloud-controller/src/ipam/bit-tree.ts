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

  /** @returns false: it was a member already */
  add(member: number): boolean {
    let index = member;
    for (let level = 0; ; level++) {
      const words = this.#levels[level] ?? this.#grow();
      const at = index >>> 5;
      const before = words.get(at);
      const word = before | (1 << (index & 31));
      if (word === before) return false;
      if (level === 0) this.#size++;
      words.set(at, word);
      if (word !== -1) return true;
      index = at;
    }
  }

  /** @returns false: it was no member */
  delete(member: number): boolean {
    let index = member;
    for (let level = 0; ; level++) {
      const words = this.#levels[level];
      const at = index >>> 5;
      const before = words?.get(at) ?? 0;
      const word = before & ~(1 << (index & 31));
      if (word === before) return false;
      if (level === 0) this.#size--;
      words?.set(at, word);
      if (before !== -1) return true; // the parent counts full words only
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
    if (from >= BIT_TREE_SPAN) return from; // beyond what the shifts below hold
    let index = from;
    let level = 0;
    for (; ; level++) {
      const at = index >>> 5;
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

  /** One bit for each number from `32 * at` on. */
  word(at: number): number {
    return this.#word(0, at);
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

/**
 * The smallest number at or after `from` that is in none of the trees; {@link BIT_TREE_SPAN} or more when there is none.
 *
 * Each tree in turn leaps over its own run of present numbers; where the trees interleave, a word is looked at in all of
 * them at once. So what stands in two trees by turns costs a step for each 32.
 */
export function nextAbsentFromAll(trees: readonly BitTree[], from: number): number {
  for (let at = from; ; ) {
    for (const tree of trees) at = tree.nextAbsent(at);
    if (at >= BIT_TREE_SPAN) return at;
    const index = at >>> 5;
    let present = 0;
    for (const tree of trees) present |= tree.word(index);
    const absent = ~present & (-1 << (at & 31));
    if (absent !== 0) return index * WORD_BITS + lowestBit(absent);
    at = (index + 1) * WORD_BITS;
  }
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}
