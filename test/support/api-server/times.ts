import { type Fields, fieldsOf, listOf } from './object.ts';
import { badRequest } from './status-error.ts';

const MICRO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/;

/** Now, with the second as the smallest unit, as meta/v1 Time is written. */
export function nowSeconds(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}

/**
 * Checks a meta/v1 MicroTime field: exactly six digits of fraction. `Date.toISOString()` has three and is refused,
 * here as by the real server (Go's layout `.000000` wants exactly that many).
 *
 * @throws StatusError 400
 */
export function checkMicroTime(owner: Fields, field: string, kind: string, apiVersion: string): void {
  const v = owner[field];
  if (v === undefined || v === null || v === '') return;
  if (typeof v === 'string' && MICRO.test(v) && !Number.isNaN(Date.parse(v))) {
    owner[field] = v.replace(/\+00:00$/, 'Z');
    return;
  }
  const version = apiVersion.split('/').pop() ?? '';
  throw badRequest(
    `${kind} in version "${version}" cannot be handled as a ${kind}: parsing time ${JSON.stringify(v)} as "2006-01-02T15:04:05.000000Z07:00": cannot parse ${JSON.stringify(v)}`,
  );
}

/** Writes a meta/v1 Time field the way the real server gives it back: UTC, whole seconds. */
export function tidyTime(owner: Fields, field: string): void {
  const v = owner[field];
  if (typeof v !== 'string') return;
  const ms = Date.parse(v);
  if (!Number.isNaN(ms)) owner[field] = `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** The `lastTransitionTime` of each condition, in place. */
export function tidyConditionTimes(status: unknown): void {
  for (const c of listOf(fieldsOf(status).conditions)) tidyTime(fieldsOf(c), 'lastTransitionTime');
}

/** An age as kubectl prints it (apimachinery duration.HumanDuration), e.g. `3m20s`, `5h`, `12d`. */
export function age(since: unknown, nowMs: number = Date.now()): string {
  const started = typeof since === 'string' ? Date.parse(since) : Number.NaN;
  if (Number.isNaN(started)) return '<unknown>';
  const s = Math.floor((nowMs - started) / 1000);
  if (s < -1) return '<invalid>';
  if (s < 0) return '0s';
  if (s < 120) return `${s}s`;
  const m = Math.floor(s / 60);
  if (m < 10) return s % 60 === 0 ? `${m}m` : `${m}m${s % 60}s`;
  if (m < 180) return `${m}m`;
  const h = Math.floor(m / 60);
  if (h < 8) return m % 60 === 0 ? `${h}h` : `${h}h${m % 60}m`;
  if (h < 48) return `${h}h`;
  const d = Math.floor(h / 24);
  if (h < 192) return h % 24 === 0 ? `${d}d` : `${d}d${h % 24}h`;
  if (d < 730) return `${d}d`;
  const y = Math.floor(d / 365);
  return d % 365 === 0 || y >= 8 ? `${y}y` : `${y}y${d % 365}d`;
}
