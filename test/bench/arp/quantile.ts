/**
 * The value below which the share `q` of them lies, by the nearest rank: always one of the values, never one between two.
 *
 * @param q from (0, 1]
 * @throws RangeError for no values, or a share outside of that
 */
export function quantile(values: readonly number[], q: number): number {
  if (!(q > 0 && q <= 1)) throw new RangeError(`a share must lie in (0, 1], got ${q}`);
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.ceil(q * sorted.length) - 1];
  if (value === undefined) throw new RangeError('no values');
  return value;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
