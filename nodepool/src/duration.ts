const UNITS_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000 };

/** @returns milliseconds of `100ms`, `2s` or `1m`; undefined for any other text */
export function parseDurationMs(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m)$/.exec(text);
  const unitMs = UNITS_MS[match?.[2] ?? ''];
  return match === null || unitMs === undefined ? undefined : Number(match[1]) * unitMs;
}

/** The shortest text that {@link parseDurationMs} reads back. @param ms a whole number */
export function formatDurationMs(ms: number): string {
  if (ms > 0 && ms % 60_000 === 0) return `${ms / 60_000}m`;
  return ms > 0 && ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}
