/** An address that the API itself has taken from the NodePool, at this resourceVersion or before. */
export interface Tombstone {
  readonly address: string;
  readonly gone: true;
  readonly rv: bigint;
}

/** More would come only from a NodePool that gives up thousands of addresses while a member is cut off. */
const MOST = 1_000;

/**
 * Addresses given up: told to the pool, so that a member that was cut off does not serve what the cloud took away. The view
 * lets go of an address only by what the API itself said, so each absence here is a fact.
 */
export class GivenUp {
  private readonly stones = new Map<string, Tombstone>();

  update(before: Iterable<string>, now: { has(address: string): boolean }, rv: bigint): void {
    for (const address of before) if (!now.has(address)) this.stones.set(address, { address, gone: true, rv });
    for (const address of this.stones.keys()) if (now.has(address)) this.stones.delete(address);
    for (const address of this.stones.keys()) {
      if (this.stones.size <= MOST) break;
      this.stones.delete(address);
    }
  }

  items(): Tombstone[] {
    return [...this.stones.values()];
  }

  get byAddress(): ReadonlyMap<string, Tombstone> {
    return this.stones;
  }

  clear(): void {
    this.stones.clear();
  }
}
