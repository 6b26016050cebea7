import type { Seeds } from './seeds.ts';

/** The candidate with the highest rendezvous score for `address`, or undefined where nobody stands. */
export function elect(address: string, candidates: Iterable<string>, seeds: Seeds): string | undefined {
  let best: string | undefined;
  for (const node of candidates) if (best === undefined || seeds.beats(node, best, address)) best = node;
  return best;
}
