import { ReuseMap } from './reuse-map.ts';

const PAGE_WORDS = 64;

/** A sparse array of 32-bit words: absent ones are 0. Kept in small pages; the one last touched is found without a look-up. */
export class WordPages {
  /** The word after the last counts those that are not 0. */
  readonly #pages = new ReuseMap<number, Int32Array>();
  #lastKey = -1;
  #last: Int32Array | undefined;

  get(at: number): number {
    return this.#page(Math.floor(at / PAGE_WORDS))?.[at % PAGE_WORDS] ?? 0;
  }

  set(at: number, word: number): void {
    const key = Math.floor(at / PAGE_WORDS);
    let page = this.#page(key);
    if (page === undefined) {
      if (word === 0) return;
      page = new Int32Array(PAGE_WORDS + 1);
      this.#pages.set(key, page);
      this.#last = page;
    }
    const before = page[at % PAGE_WORDS] ?? 0;
    page[at % PAGE_WORDS] = word;
    const used = (page[PAGE_WORDS] ?? 0) + (word === 0 ? 0 : 1) - (before === 0 ? 0 : 1);
    page[PAGE_WORDS] = used;
    if (used > 0) return;
    this.#pages.delete(key);
    this.#last = undefined;
  }

  /** Position and word of all that are not 0, in no order. */
  *entries(): Iterable<[number, number]> {
    for (const [key, page] of this.#pages.entries()) {
      for (let i = 0; i < PAGE_WORDS; i++) {
        const word = page[i] ?? 0;
        if (word !== 0) yield [key * PAGE_WORDS + i, word];
      }
    }
  }

  #page(key: number): Int32Array | undefined {
    if (key !== this.#lastKey) {
      this.#lastKey = key;
      this.#last = this.#pages.get(key);
    }
    return this.#last;
  }
}
