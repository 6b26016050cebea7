/**
 * Orders `k9` before `k10`: runs of digits by number, all else by code unit. A total order: texts that differ only in
 * leading zeros are ordered by code unit.
 */
export function compareNatural(a: string, b: string): number {
  const partsOfB = partsOf(b);
  const partsOfA = partsOf(a);
  for (let i = 0; i < Math.min(partsOfA.length, partsOfB.length); i++) {
    const order = compareParts(partsOfA[i] ?? '', partsOfB[i] ?? '');
    if (order !== 0) return order;
  }
  return partsOfA.length - partsOfB.length || compareText(a, b);
}

function partsOf(text: string): readonly string[] {
  return text.match(/\d+|\D+/g) ?? [];
}

function compareParts(a: string, b: string): number {
  if (!/^\d/.test(a) || !/^\d/.test(b)) return compareText(a, b);
  const [x, y] = [BigInt(a), BigInt(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
