import type { IpAddress, IpRange } from '@openyurt/nodepool-types';
import { BitTree, nextAbsentFromAll } from './bit-tree.ts';
import { addressAt, bigintOf, lowOf, type Place, placeOf } from './place.ts';
import { ReuseMap } from './reuse-map.ts';

const LAST = 0xffff_ffff;
const SPAN = 1n << 32n;
/** Of the bits above the lower 32 those that with them make the lower 64. */
const HIGH_OF_64 = SPAN - 1n;

/** A set of addresses of both families: one {@link BitTree} for each block of 2^32, so huge IPv6 ranges cost nothing. */
export class AddressSet {
  readonly #v4 = new BitTree();
  readonly #v6 = new ReuseMap<bigint, BitTree>();
  /** The IPv6 block last touched: most belong to one. */
  #lastHigh: bigint | undefined;
  #last: BitTree | undefined;
  #size = 0;

  /** How many members. */
  get size(): number {
    return this.#size;
  }

  has(address: IpAddress): boolean {
    return this.#size > 0 && this.hasAt(placeOf(address));
  }

  hasAt({ high, low }: Place): boolean {
    return this.block(high)?.has(low) ?? false;
  }

  add(address: IpAddress): void {
    this.addAt(placeOf(address));
  }

  addAt({ high, low }: Place): void {
    let tree = this.block(high);
    if (tree === undefined && high !== undefined) {
      tree = new BitTree();
      this.#v6.set(high, tree);
      this.#last = tree;
    }
    if (tree?.add(low)) this.#size++;
  }

  delete(address: IpAddress): void {
    this.deleteAt(placeOf(address));
  }

  deleteAt({ high, low }: Place): void {
    const tree = this.block(high);
    if (!tree?.delete(low)) return;
    this.#size--;
    if (high === undefined || tree.size > 0) return;
    this.#v6.delete(high);
    this.#last = undefined;
  }

  /** In no order. */
  *values(): Iterable<IpAddress> {
    for (const low of this.#v4.members()) yield addressAt({ high: undefined, low });
    for (const [high, tree] of this.#v6.entries()) for (const low of tree.members()) yield addressAt({ high, low });
  }

  /** The members that share their upper bits; undefined: none. */
  block(high: bigint | undefined): BitTree | undefined {
    if (high === undefined) return this.#v4;
    if (high !== this.#lastHigh) {
      this.#lastHigh = high;
      this.#last = this.#v6.get(high);
    }
    return this.#last;
  }
}

/**
 * The lowest address of `range`, at or after `from`, that is in none of `taken`.
 *
 * Runs of used addresses are leapt over: see {@link nextAbsentFromAll}. Of IPv6 the first of each /64 is left out: see
 * `isSubnetRouter`.
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
  if (start > range.last) return undefined;
  let low = lowOf(start);
  if (range.family === 'IPv4') {
    const found = leap(treesIn(undefined, taken), low, lowOf(range.last), avoidBuggy);
    return found === undefined ? undefined : bigintOf(found);
  }
  const lastHigh = range.last >> 32n;
  let block = start - bigintOf(low);
  for (let high = start >> 32n; high <= lastHigh; high++, block += SPAN, low = 0) {
    if (low === 0 && (high & HIGH_OF_64) === 0n) low = 1;
    const end = high === lastHigh ? lowOf(range.last) : LAST;
    const found = leap(treesIn(high, taken), low, end, false);
    if (found !== undefined) return block + bigintOf(found);
  }
  return undefined;
}

function treesIn(high: bigint | undefined, taken: readonly AddressSet[]): BitTree[] {
  const trees: BitTree[] = [];
  for (const set of taken) {
    const tree = set.block(high);
    if (tree !== undefined && tree.size > 0) trees.push(tree);
  }
  return trees;
}

function leap(trees: readonly BitTree[], first: number, last: number, buggy: boolean): number | undefined {
  for (let at = first; at <= last; ) {
    const next = nextAbsentFromAll(trees, at);
    if (!buggy || next > last || !isBuggy(next)) return next <= last ? next : undefined;
    at = next + 1;
  }
  return undefined;
}

/** Some clients and routers treat .0 and .255 as broadcast addresses whatever the prefix length. */
export function isBuggy(low: number): boolean {
  const octet = low & 255;
  return octet === 0 || octet === 255;
}
