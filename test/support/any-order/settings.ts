import type fc from 'fast-check';
import type { Step } from './commands.ts';

const { ANY_ORDER_RUNS, ANY_ORDER_SEED, ANY_ORDER_PATH } = process.env;

/**
 * How many sequences are played, and which. A failure prints `seed` and `path`: ANY_ORDER_SEED=… ANY_ORDER_PATH=… plays
 * that one again; ANY_ORDER_RUNS=5000 plays more.
 */
export function settings(numRuns: number, seed: number): fc.Parameters<[Step[]]> {
  return {
    numRuns: Number(ANY_ORDER_RUNS ?? numRuns),
    seed: Number(ANY_ORDER_SEED ?? seed),
    ...(ANY_ORDER_PATH === undefined ? {} : { path: ANY_ORDER_PATH }),
  };
}
