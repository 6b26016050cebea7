import type { Keyed } from './key-table.ts';
import type { LedgerBlock } from './ledger.ts';
import type { Place } from './place.ts';
import type { Holder } from './sharing.ts';
import type { SiteUsage } from './usage.ts';

/**
 * One address one Service holds in one NodePool, as the book keeps it: a link in the Service's list and in the
 * address's. Records are used again: each outlives a thousand others, so a new one each time would be copied twice by
 * the garbage collector before it dies.
 */
export class Hold implements Place {
  requested = false;
  nextOfAccount: Hold | undefined;
  nextOfAddress: Hold | undefined;
  /** As a signed word, which V8 keeps in the record itself; an address above 127.255.255.255 would be a box beside it. */
  #low: number;

  constructor(
    public account: Account,
    public site: SiteUsage,
    public block: LedgerBlock,
    low: number,
  ) {
    this.#low = low | 0;
  }

  get high(): bigint | undefined {
    return this.block.high;
  }

  get low(): number {
    return this.#low >>> 0;
  }

  set low(low: number) {
    this.#low = low | 0;
  }
}

/** One Service and what it holds, in the order it came. */
export class Account implements Keyed {
  key = '';
  hash = 0;
  #first: Hold | undefined;
  #last: Hold | undefined;

  constructor(public holder: Holder) {}

  /** The others follow by `nextOfAccount`. */
  get first(): Hold | undefined {
    return this.#first;
  }

  append(hold: Hold): void {
    if (this.#last === undefined) this.#first = hold;
    else this.#last.nextOfAccount = hold;
    this.#last = hold;
  }

  remove(hold: Hold): void {
    let before: Hold | undefined;
    let at = this.#first;
    while (at !== undefined && at !== hold) {
      before = at;
      at = at.nextOfAccount;
    }
    if (at === undefined) return;
    if (before === undefined) this.#first = hold.nextOfAccount;
    else before.nextOfAccount = hold.nextOfAccount;
    if (this.#last === hold) this.#last = before;
    hold.nextOfAccount = undefined;
  }
}
