import { type Page, PageMap } from './page-map.ts';

/** 64 words a page. */
const PAGE_BITS = 6;
const PAGE_WORDS = 1 << PAGE_BITS;

class WordPage implements Page {
  used = 0;
  readonly words = new Int32Array(PAGE_WORDS);
}

/** A sparse array of at most 2^32 words of 32 bits: absent ones are 0. Kept in small pages. */
export class WordPages {
  readonly #pages = new PageMap(() => new WordPage());

  get(at: number): number {
    return this.#pages.get(at >>> PAGE_BITS)?.words[at & (PAGE_WORDS - 1)] ?? 0;
  }

  set(at: number, word: number): void {
    const key = at >>> PAGE_BITS;
    const page = word === 0 ? this.#pages.get(key) : this.#pages.open(key);
    if (page === undefined) return;
    const slot = at & (PAGE_WORDS - 1);
    const before = page.words[slot] ?? 0;
    page.words[slot] = word;
    if (before === 0 && word !== 0) this.#pages.count(page, 1);
    else if (before !== 0 && word === 0) this.#pages.count(page, -1);
  }

  /** Position and word of all that are not 0, in no order. */
  *entries(): Iterable<[number, number]> {
    for (const [key, { words }] of this.#pages.entries()) {
      for (const [i, word] of words.entries()) if (word !== 0) yield [key * PAGE_WORDS + i, word];
    }
  }
}
