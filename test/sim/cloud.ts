import type { OfferItem } from '../../edge-speaker/src/election/offer.ts';
import { GivenUp } from '../../edge-speaker/src/offline/given-up.ts';
import type { OwnOffers } from '../../edge-speaker/src/pool-session.ts';

/** What the API says of one address. */
export interface Given {
  readonly uids: readonly string[];
  readonly rv: bigint;
}

/** The API's truth: which address belongs to which Services, and since when. */
export class Cloud {
  readonly given = new Map<string, Given>();
  /** Addresses taken from the NodePool, and when. */
  readonly taken = new Map<string, bigint>();
  rv = 100n;
  private serial = 0;

  constructor(addresses: Iterable<string>) {
    for (const address of addresses) this.give(address);
  }

  /** To Services that never had it. */
  give(address: string): void {
    this.taken.delete(address);
    this.given.set(address, { uids: [`uid-${++this.serial}`], rv: ++this.rv });
  }

  take(address: string): void {
    if (!this.given.delete(address)) return;
    this.taken.set(address, ++this.rv);
  }

  /** The same Services, written again. */
  touch(address: string): void {
    const given = this.given.get(address);
    if (given !== undefined) this.given.set(address, { uids: given.uids, rv: ++this.rv });
  }

  /** What was read at `rv` is no longer so: the address was given up, or given to others. */
  isStale(address: string, read: Given): boolean {
    const given = this.given.get(address);
    return given === undefined || given.uids.join() !== read.uids.join();
  }
}

/** One node's copy of it, as on its disk, and what the node makes of it. */
export class CloudView {
  given: ReadonlyMap<string, Given> = new Map();
  rv = 0n;
  /** The API was present when this process last read it, and still is. */
  proven = false;
  private tombstones = new GivenUp();

  /** Reads all, now. */
  read(cloud: Cloud): void {
    const before = this.given;
    this.given = new Map(cloud.given);
    this.rv = cloud.rv;
    this.proven = true;
    this.tombstones.update(before.keys(), this.given, this.rv);
  }

  /** A new process: the view comes from the disk, the memory is gone. */
  restart(): void {
    this.proven = false;
    this.tombstones = new GivenUp();
  }

  /** @param able addresses this node could answer for, if they are its NodePool's */
  offers(able: ReadonlySet<string>): OwnOffers {
    const items: OfferItem[] = [];
    for (const [address, { uids, rv }] of this.given) {
      if (able.has(address)) items.push({ address, uids, rv, proven: this.proven });
    }
    return { items: [...items, ...this.tombstones.items()], seenRv: this.rv };
  }
}
