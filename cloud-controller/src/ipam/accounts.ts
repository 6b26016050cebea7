import { Account, Hold } from './hold.ts';
import { hashOf, KeyTable } from './key-table.ts';
import type { LedgerBlock } from './ledger.ts';
import type { Holder } from './sharing.ts';
import type { SiteUsage } from './usage.ts';

/** Records kept for the next Service, of each kind. */
const SPARES = 1024;

/** The Services that hold something, by key, and the records of what they hold. */
export class Accounts {
  readonly #byKey = new KeyTable<Account>();
  readonly #spareAccounts: Account[] = [];
  readonly #spareHolds: Hold[] = [];
  /** The key last asked for: a Service's is asked for a few times in a row. */
  #key = '';
  #hash = hashOf('');

  get(key: string): Account | undefined {
    return this.#byKey.get(key, this.#hashOf(key));
  }

  *keys(): Iterable<string> {
    for (const account of this.#byKey.values()) yield account.key;
  }

  /** A new account; {@link enter} has to follow, for an account without holdings is never closed. */
  open(holder: Holder): Account {
    const account = this.#spareAccounts.pop() ?? new Account(holder);
    account.holder = holder;
    account.key = holder.key;
    account.hash = this.#hashOf(holder.key);
    this.#byKey.add(account);
    return account;
  }

  /** Adds a holding to an account, at its end. */
  enter(account: Account, site: SiteUsage, block: LedgerBlock, low: number, requested: boolean): Hold {
    const hold = this.#spareHolds.pop() ?? new Hold(account, site, block, low);
    hold.account = account;
    hold.site = site;
    hold.block = block;
    hold.low = low;
    hold.requested = requested;
    account.append(hold);
    return hold;
  }

  /** Takes a holding out, and closes the account after its last one. The records are used again. */
  strike(hold: Hold): void {
    const { account } = hold;
    account.remove(hold);
    if (this.#spareHolds.length < SPARES) this.#spareHolds.push(hold);
    if (account.first !== undefined) return;
    this.#byKey.delete(account);
    account.holder = NOBODY;
    if (this.#spareAccounts.length < SPARES) this.#spareAccounts.push(account);
  }

  #hashOf(key: string): number {
    if (key !== this.#key) {
      this.#hash = hashOf(key);
      this.#key = key;
    }
    return this.#hash;
  }
}

/** Whom a spare account belongs to, so that it keeps no Service's object alive. */
export const NOBODY: Holder = {
  key: '',
  namespace: '',
  labels: {},
  uid: '',
  ports: [],
  sharingKey: undefined,
  externalTrafficPolicy: 'Cluster',
  podSelector: '',
};
