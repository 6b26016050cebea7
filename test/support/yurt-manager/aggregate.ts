import { isDeepStrictEqual } from 'node:util';
import type { LoadBalancerIngress, PoolServiceObject } from '@openyurt/nodepool-types';
import { AGGREGATED } from './names.ts';

/**
 * All entries in one list, sorted by IP as text: .9 comes after .10, an entry without IP comes first, nothing is dropped
 * that stands there twice, hostname and ipMode pass through (load_balancer_status.go; seen in a run: "sorted as text").
 */
export function aggregateIngress(poolServices: readonly PoolServiceObject[]): LoadBalancerIngress[] {
  const entries = poolServices.flatMap(({ status }) => status?.loadBalancer?.ingress ?? []);
  return entries.sort(({ ip: a = '' }, { ip: b = '' }) => (a < b ? -1 : a > b ? 1 : 0));
}

/** By key: the distinct values, sorted and joined by commas, under the prefix (map_utils.go). */
export function aggregateMaps(maps: readonly (Record<string, string> | undefined)[]): Record<string, string> {
  const values = new Map<string, Set<string>>();
  for (const [key, value] of maps.flatMap((map) => Object.entries(map ?? {}))) {
    values.set(key, (values.get(key) ?? new Set()).add(value));
  }
  return Object.fromEntries([...values].map(([key, set]) => [AGGREGATED + key, [...set].sort().join(',')]));
}

/** Keys with the prefix become exactly `wanted`, the others stay (map_utils.go). @returns undefined: nothing to change */
export function mergeAggregated(
  now: Record<string, string> = {},
  wanted: Record<string, string>,
): Record<string, string> | undefined {
  const entries = Object.entries(now);
  const isAggregated = ([key]: [string, string]) => key.startsWith(AGGREGATED);
  if (isDeepStrictEqual(Object.fromEntries(entries.filter(isAggregated)), wanted)) return undefined;
  return { ...Object.fromEntries(entries.filter((entry) => !isAggregated(entry))), ...wanted };
}
