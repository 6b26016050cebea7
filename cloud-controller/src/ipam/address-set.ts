import type { IpAddress, IpFamily, IpRange } from '@openyurt/nodepool-types';
import { BitTree } from './bit-tree.ts';
import { ReuseMap } from './reuse-map.ts';

/** What a Map is keyed by: IPv4 as a number, IPv6 as a bigint, so that the two never meet. */
export type AddressKey = number | bigint;

export function addressKey({ family, value }: IpAddress): AddressKey {
  return family === 'IPv4' ? Number(value) : value;
}

const LOW_32 = 0xffff_ffffn;
const LAST = 0xffff_ffff;

/** A set of addresses of both families: one {@link BitTree} for each block of 2^32, so huge IPv6 ranges cost nothing. */
export class AddressSet {
  readonly #v4 = new BitTree();
  readonly #v6 = new ReuseMap<bigint, BitTree>();
  #size = 0;

  /** How many members. */
  get size(): number {
    return this.#size;
  }

  has({ family, value }: IpAddress): boolean {
    return this.block(family, value >> 32n)?.has(Number(value & LOW_32)) ?? false;
  }

  add({ family, value }: IpAddress): void {
    const high = value >> 32n;
    let tree = this.block(family, high);
    if (tree === undefined) {
      tree = new BitTree();
      this.#v6.set(high, tree);
    }
    this.#size -= tree.size;
    tree.add(Number(value & LOW_32));
    this.#size += tree.size;
  }

  delete({ family, value }: IpAddress): void {
    const high = value >> 32n;
    const tree = this.block(family, high);
    if (tree === undefined) return;
    this.#size -= tree.size;
    tree.delete(Number(value & LOW_32));
    this.#size += tree.size;
    if (family === 'IPv6' && tree.size === 0) this.#v6.delete(high);
  }

  /** In no order. */
  *values(): Iterable<IpAddress> {
    for (const low of this.#v4.members()) yield { family: 'IPv4', value: BigInt(low) };
    for (const [high, tree] of this.#v6.entries()) {
      for (const low of tree.members()) yield { family: 'IPv6', value: (high << 32n) | BigInt(low) };
    }
  }

  /** The members that share the upper bits `high` (value >> 32); undefined: none. */
  block(family: IpFamily, high: bigint): BitTree | undefined {
    return family === 'IPv4' ? this.#v4 : this.#v6.get(high);
  }
}

/**
 * The lowest address of `range`, at or after `from`, that is in none of `taken`.
 *
 * The sets are leapt over in turn until all agree, so a run of used addresses costs a few steps, not one each.
 *
 * @param avoidBuggy leaves out IPv4 addresses that end in .0 or .255
 */
export function lowestAbsent(
  range: IpRange,
  from: bigint,
  taken: readonly AddressSet[],
  avoidBuggy: boolean,
): bigint | undefined {
  const start = from > range.first ? from : range.first;
  const buggy = avoidBuggy && range.family === 'IPv4';
  const lastHigh = range.last >> 32n;
  let low = Number(start & LOW_32);
  for (let high = start >> 32n; high <= lastHigh; high++, low = 0) {
    const end = high === lastHigh ? Number(range.last & LOW_32) : LAST;
    const trees: BitTree[] = [];
    for (const set of taken) {
      const tree = set.block(range.family, high);
      if (tree !== undefined && tree.size > 0) trees.push(tree);
    }
    const found = leap(trees, low, end, buggy);
    if (found !== undefined) return (high << 32n) | BigInt(found);
  }
  return undefined;
}

function leap(trees: readonly BitTree[], first: number, last: number, buggy: boolean): number | undefined {
  let at = first;
  while (at <= last) {
    let next = at;
    for (const tree of trees) next = tree.nextAbsent(next);
    if (buggy && next <= LAST && isBuggy(next)) next += (next & 255) === 255 ? 2 : 1;
    else if (next === at) return at;
    at = next;
  }
  return undefined;
}

/** Some clients and routers treat .0 and .255 as broadcast addresses whatever the prefix length. */
export function isBuggy(low: number): boolean {
  const octet = low & 255;
  return octet === 0 || octet === 255;
}
