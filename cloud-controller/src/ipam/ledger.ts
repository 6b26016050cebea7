import type { IpAddress, IpFamily } from '@openyurt/nodepool-types';
import type { Hold } from './hold.ts';
import { type Page, PageMap } from './page-map.ts';
import { addressAt, bigintOf } from './place.ts';
import { ReuseMap } from './reuse-map.ts';

/** 64 addresses a page. */
const PAGE_BITS = 6;
const PAGE_SIZE = 1 << PAGE_BITS;

class LedgerPage implements Page {
  used = 0;
  readonly firsts: (Hold | undefined)[] = new Array<Hold | undefined>(PAGE_SIZE).fill(undefined);
}

/** Who holds the addresses of one block, in all NodePools; few hold one address, so they are a list. */
export class LedgerBlock {
  readonly #pages = new PageMap(() => new LedgerPage());

  readonly #family: IpFamily;
  /** The first address. */
  readonly #base: bigint;

  /** @param high as in {@link Place} */
  constructor(readonly high: bigint | undefined) {
    const first = addressAt({ high, low: 0 });
    this.#family = first.family;
    this.#base = first.value;
  }

  get isEmpty(): boolean {
    return this.#pages.used === 0;
  }

  address(low: number): IpAddress {
    return { family: this.#family, value: this.#base + bigintOf(low) };
  }

  /** The one who held it first; the others follow by `nextOfAddress`. */
  first(low: number): Hold | undefined {
    return this.#pages.get(low >>> PAGE_BITS)?.firsts[low & (PAGE_SIZE - 1)];
  }

  append(hold: Hold): void {
    const page = this.#pages.open(hold.low >>> PAGE_BITS);
    const slot = hold.low & (PAGE_SIZE - 1);
    let last = page.firsts[slot];
    if (last === undefined) {
      page.firsts[slot] = hold;
      this.#pages.count(page, 1);
      return;
    }
    while (last.nextOfAddress !== undefined) last = last.nextOfAddress;
    last.nextOfAddress = hold;
  }

  /** @returns the first of those left at the address */
  remove(hold: Hold): Hold | undefined {
    const page = this.#pages.get(hold.low >>> PAGE_BITS);
    if (page === undefined) return undefined;
    const slot = hold.low & (PAGE_SIZE - 1);
    const first = page.firsts[slot];
    const next = hold.nextOfAddress;
    hold.nextOfAddress = undefined;
    if (first !== hold) {
      let before = first;
      while (before !== undefined && before.nextOfAddress !== hold) before = before.nextOfAddress;
      if (before !== undefined) before.nextOfAddress = next;
      return first;
    }
    page.firsts[slot] = next;
    if (next === undefined) this.#pages.count(page, -1);
    return next;
  }
}

/** Who holds which address, in the whole cluster: one {@link LedgerBlock} for each block with a held address. */
export class Ledger {
  readonly #v4 = new LedgerBlock(undefined);
  readonly #v6 = new ReuseMap<bigint, LedgerBlock>();
  /** The IPv6 block last found: most addresses belong to one. */
  #last: LedgerBlock | undefined;

  block(high: bigint | undefined): LedgerBlock | undefined {
    if (high === undefined) return this.#v4;
    if (this.#last?.high === high) return this.#last;
    const block = this.#v6.get(high);
    if (block !== undefined) this.#last = block;
    return block;
  }

  /** The block, made where there is none. */
  open(high: bigint | undefined): LedgerBlock {
    const found = this.block(high);
    if (found !== undefined || high === undefined) return found ?? this.#v4;
    const block = new LedgerBlock(high);
    this.#v6.set(high, block);
    this.#last = block;
    return block;
  }

  /** @returns the first of those left at the address */
  remove(hold: Hold): Hold | undefined {
    const { block } = hold;
    const left = block.remove(hold);
    if (block.high !== undefined && block.isEmpty) {
      this.#v6.delete(block.high);
      this.#last = undefined;
    }
    return left;
  }
}
