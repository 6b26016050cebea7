import type { AddressPool, IpAddress, IpFamily } from '@openyurt/nodepool-types';
import { AddressSet } from './address-set.ts';
import { type Place, sameAddress } from './place.ts';
import { ReuseMap } from './reuse-map.ts';
import { avoided, poolSize, type SiteRanges } from './site-ranges.ts';

/** Which addresses are in use in one NodePool, and how much of each address pool is taken. */
export class SiteUsage {
  /** Every address in use in this NodePool. */
  readonly used = new AddressSet();
  /** Addresses that hosts of the site were seen to use: not given out unasked. */
  readonly avoid = new AddressSet();
  /** Addresses that nobody has and that only the Service which had them last may have. */
  readonly resting = new AddressSet();
  /** Addresses held under a sharing key, lowest first. */
  readonly #shared = new ReuseMap<string, IpAddress[]>();
  readonly #inUse = new Map<AddressPool, Record<IpFamily, number>>();
  #ranges: SiteRanges | undefined;
  /** By pool: how many addresses nobody holds and are avoided; undefined: to be counted anew. */
  #avoided: Map<AddressPool, Record<IpFamily, number>> | undefined;

  constructor(readonly nodePool: string) {}

  /** undefined: the NodePool has no configuration in force. */
  get ranges(): SiteRanges | undefined {
    return this.#ranges;
  }

  set ranges(ranges: SiteRanges | undefined) {
    this.#ranges = ranges;
    this.#inUse.clear();
    this.#avoided = undefined;
    for (const address of this.used.values()) this.#count(address, 1);
  }

  /** Whether any address is held under a sharing key. */
  get hasShared(): boolean {
    return this.#shared.size > 0;
  }

  sharedUnder(sharingKey: string): readonly IpAddress[] {
    return this.#shared.get(sharingKey) ?? [];
  }

  /**
   * The first Service takes the address.
   *
   * @param place the same address
   * @param sharingKey under which others may join it
   */
  add(address: IpAddress, place: Place, sharingKey: string | undefined): void {
    this.used.addAt(place);
    this.#avoided = undefined;
    this.#count(address, 1);
    if (sharingKey === undefined) return;
    const shared = this.#shared.get(sharingKey);
    if (shared === undefined) this.#shared.set(sharingKey, [address]);
    else shared.splice(shared.filter((other) => other.value < address.value).length, 0, address);
  }

  /** The last Service gave the address back. */
  remove(address: IpAddress, place: Place, sharingKey: string | undefined): void {
    this.used.deleteAt(place);
    this.#avoided = undefined;
    this.#count(address, -1);
    if (sharingKey === undefined) return;
    const left = this.sharedUnder(sharingKey).filter((other) => !sameAddress(other, address));
    if (left.length === 0) this.#shared.delete(sharingKey);
    else this.#shared.set(sharingKey, left);
  }

  /** Addresses of a pool in use, in one family, each counted once however many Services share it. */
  inUse(pool: AddressPool, family: IpFamily): number {
    return this.#inUse.get(pool)?.[family] ?? 0;
  }

  /** How many addresses of the pool can still be handed out; Nodes' own addresses are not among them. */
  free(pool: AddressPool, family: IpFamily, nodes: Iterable<IpAddress>): bigint {
    let free = poolSize(pool, family) - BigInt(this.inUse(pool, family));
    for (const node of nodes) {
      if (node.family !== family || this.#ranges?.poolOf(node) !== pool) continue;
      if (!this.used.has(node) && !avoided(pool, node)) free--;
    }
    return free;
  }

  /** Whether {@link avoid} shall hold the address. @returns whether that is new */
  setAvoided(address: IpAddress, isAvoided: boolean): boolean {
    if (this.avoid.has(address) === isAvoided) return false;
    this.#avoided = undefined;
    if (isAvoided) this.avoid.add(address);
    else this.avoid.delete(address);
    return true;
  }

  /** How many addresses of these pools nobody holds and are avoided all the same. */
  avoidedIn(pools: readonly AddressPool[], family: IpFamily): number {
    if (this.avoid.size === 0) return 0;
    this.#avoided ??= this.#countAvoided();
    const counts = this.#avoided;
    return pools.reduce((sum, pool) => sum + (counts.get(pool)?.[family] ?? 0), 0);
  }

  #countAvoided(): Map<AddressPool, Record<IpFamily, number>> {
    const counts = new Map<AddressPool, Record<IpFamily, number>>();
    for (const address of this.avoid.values()) {
      const pool = this.#ranges?.poolOf(address);
      if (pool === undefined || this.used.has(address) || avoided(pool, address)) continue;
      const count = counts.get(pool) ?? { IPv4: 0, IPv6: 0 };
      count[address.family]++;
      counts.set(pool, count);
    }
    return counts;
  }

  #count(address: IpAddress, by: 1 | -1): void {
    const pool = this.#ranges?.poolOf(address);
    if (pool === undefined) return;
    const counts = this.#inUse.get(pool);
    if (counts !== undefined) counts[address.family] += by;
    else this.#inUse.set(pool, { IPv4: 0, IPv6: 0, [address.family]: by });
  }
}
