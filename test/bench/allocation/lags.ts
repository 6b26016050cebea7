import { median, quantile } from '../arp/quantile.ts';
import type { Bulk } from './client.ts';

/** How the addresses followed the creations, milliseconds. */
export interface Lags {
  readonly created: number;
  readonly addressed: number;
  /** From the first creation to the last. */
  readonly creatingMs: number;
  /** From the last creation to the last address; undefined where some have none, or were not created. Not below 0. */
  readonly afterMs: number | undefined;
  /** From a creation to its address; undefined where nobody has one. */
  readonly lag: { readonly p50: number; readonly p99: number; readonly max: number } | undefined;
}

/** @param wanted how many there were to be */
export function lagsOf({ created, addressed }: Bulk, wanted: number): Lags {
  const moments = [...created.values()];
  const first = smallest(moments);
  const last = greatest(moments);
  const lags = [...addressed].map(([name, atMs]) => atMs - (created.get(name) ?? atMs));
  const isWhole = created.size === wanted && addressed.size === wanted;
  return {
    created: created.size,
    addressed: addressed.size,
    creatingMs: moments.length === 0 ? 0 : last - first,
    afterMs: isWhole ? Math.max(0, greatest([...addressed.values()]) - last) : undefined,
    lag: lags.length === 0 ? undefined : { p50: median(lags), p99: quantile(lags, 0.99), max: quantile(lags, 1) },
  };
}

function greatest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
}

function smallest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
}
