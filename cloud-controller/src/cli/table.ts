/** Columns under their heads, as wide as they need, a line each; `empty` where there is no row. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], empty: string): string[] {
  if (rows.length === 0) return [empty];
  const all = [head, ...rows.map((row) => row.map((cell) => cell.replaceAll('\n', '\\n')))];
  const widths = head.map((_, i) => all.reduce((widest, row) => Math.max(widest, (row[i] ?? '').length), 0));
  return all.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('   ')
      .trimEnd(),
  );
}
