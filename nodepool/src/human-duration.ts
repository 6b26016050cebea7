const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** An age as kubectl prints it: `3m20s`, `5h`, `12d` (k8s.io/apimachinery duration.HumanDuration). */
export function humanDuration(ms: number): string {
  const s = Math.trunc(ms / 1000);
  if (s < -1) return '<invalid>';
  if (s < 0) return '0s';
  if (s < 2 * MINUTE) return `${s}s`;
  const m = Math.floor(s / MINUTE);
  if (m < 10) return two(m, 'm', s % MINUTE, 's');
  if (s < 3 * HOUR) return `${m}m`;
  const h = Math.floor(s / HOUR);
  if (h < 8) return two(h, 'h', m % 60, 'm');
  if (h < 48) return `${h}h`;
  const d = Math.floor(s / DAY);
  if (h < 8 * 24) return two(d, 'd', h % 24, 'h');
  if (s < 2 * YEAR) return `${d}d`;
  const y = Math.floor(s / YEAR);
  return y < 8 ? two(y, 'y', d % 365, 'd') : `${y}y`;
}

function two(a: number, unitA: string, b: number, unitB: string): string {
  return b === 0 ? `${a}${unitA}` : `${a}${unitA}${b}${unitB}`;
}
