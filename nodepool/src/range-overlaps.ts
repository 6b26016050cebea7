import type { IpRange } from './ip-range.ts';

/** A range with what the caller knows it by. */
export interface Placed<T> {
  readonly range: IpRange;
  readonly from: T;
}

/**
 * Pairs of ranges that share an address, `first` being the earlier in the list. Every range that overlaps another
 * stands in at least one pair; the work is n log n, so not every pair is listed.
 */
export function findOverlaps<T>(ranges: readonly Placed<T>[]): { first: Placed<T>; second: Placed<T> }[] {
  const order = new Map(ranges.map((placed, index) => [placed, index]));
  const indexOf = (placed: Placed<T>) => order.get(placed) ?? 0;
  const sorted = [...ranges].sort((a, b) => {
    if (a.range.family !== b.range.family) return a.range.family === 'IPv4' ? -1 : 1;
    return a.range.first < b.range.first ? -1 : a.range.first > b.range.first ? 1 : indexOf(a) - indexOf(b);
  });
  const pairs: { first: Placed<T>; second: Placed<T> }[] = [];
  let widest: Placed<T> | undefined;
  for (const placed of sorted) {
    if (
      widest !== undefined &&
      widest.range.family === placed.range.family &&
      placed.range.first <= widest.range.last
    ) {
      const [first, second] = indexOf(widest) < indexOf(placed) ? [widest, placed] : [placed, widest];
      pairs.push({ first, second });
      if (placed.range.last > widest.range.last) widest = placed;
    } else widest = placed;
  }
  return pairs;
}
