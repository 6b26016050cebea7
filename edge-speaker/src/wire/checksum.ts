/**
 * Adds the big-endian 16-bit words of `b` from `from` up to `to` to `sum`; an odd last byte is a high half. Not folded: some
 * thirty thousand words fit before the number grows past 2^31.
 *
 * @see RFC 1071 §1
 */
export function addWords(sum: number, b: Buffer, from: number, to: number): number {
  let total = sum;
  let i = from;
  for (; i + 1 < to; i += 2) total += ((b[i] ?? 0) << 8) | (b[i + 1] ?? 0);
  return i < to ? total + ((b[i] ?? 0) << 8) : total;
}

/** The Internet checksum of what was added up; 0 where a checksum that was right was added too. RFC 1071 §1. */
export function finishChecksum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
  return ~folded & 0xffff;
}
