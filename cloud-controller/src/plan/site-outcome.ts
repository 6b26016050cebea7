import type { IpAddress, IpFamily } from '@openyurt/nodepool-types';
import { sameAddress } from '../ipam/address-book.ts';
import type { SiteRanges } from '../ipam/site-ranges.ts';
import { type SiteProblem, siteProblem } from './problem-text.ts';

/** What one family of a Service comes to in one NodePool. Nothing is booked yet. */
export interface Outcome {
  readonly family: IpFamily;
  /** What the Service has of the family now. */
  readonly held: IpAddress | undefined;
  /** What it is to have instead. */
  readonly take?: { readonly address: IpAddress; readonly requested: boolean };
  /** What it has can't stay, whatever comes instead. */
  readonly drops?: boolean;
  /** What it has stays, and was or was not asked for by name. */
  readonly requested?: boolean;
  readonly problem?: SiteProblem | undefined;
}

/** What the Service has of the family once this is booked. */
export function finalOf({ held, take, drops }: Outcome): IpAddress | undefined {
  return take?.address ?? (drops ? undefined : held);
}

/**
 * Both addresses of a Service in one NodePool come from one address pool: what would change that is not taken, and said.
 * Addresses that already lie in two pools, or in none (asked for outside the ranges), stay.
 */
export function ofOnePool(nodePool: string, outcomes: readonly Outcome[], ranges: SiteRanges): readonly Outcome[] {
  const [first, second] = outcomes;
  if (first === undefined || second === undefined) return outcomes;
  const cancelled = differing(nodePool, first, second, ranges);
  if (cancelled === undefined) return outcomes;
  const next = second.take === undefined ? [cancelled, second] : [first, cancelled];
  return ofOnePool(nodePool, next, ranges); // what the one keeps may not suit what the other takes
}

/** The later one that takes an address, without it; undefined: there is nothing to object to. */
function differing(nodePool: string, first: Outcome, second: Outcome, ranges: SiteRanges): Outcome | undefined {
  const [one, two] = [finalOf(first), finalOf(second)];
  const pool = one && ranges.poolOf(one);
  const other = two && ranges.poolOf(two);
  if (pool === undefined || other === undefined || pool === other) return undefined;
  const [cancels, stays] = second.take === undefined ? [first, one] : [second, two];
  const { take, requested: _, ...rest } = cancels;
  if (take === undefined) return undefined;
  const pools = cancels === first ? { pool: pool.name, other: other.name } : { pool: other.name, other: pool.name };
  const refusal = { reason: 'AddressPoolDiffers' as const, ...pools };
  return { ...rest, problem: siteProblem(nodePool, cancels.family, refusal, stays) };
}

/**
 * RequireDualStack gets both or none: while a family is missing nothing new is taken, and nothing is exchanged. An address in
 * use is not taken away for that; it stays until the other can be had too.
 */
export function bothOrNone(outcomes: readonly Outcome[]): readonly Outcome[] {
  if (outcomes.every((outcome) => finalOf(outcome) !== undefined)) return outcomes;
  return outcomes.map(({ take: _, ...rest }) => rest);
}

/** Whether the Service gives the address it has back. */
export function leaves({ held, take, drops }: Outcome): boolean {
  return held !== undefined && (drops === true || (take !== undefined && !sameAddress(take.address, held)));
}
