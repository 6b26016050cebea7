import { type Outcome, run } from './run.ts';
import { largeScenario, type Scenario, scenarioOf } from './scenario.ts';
import { verdictOf } from './verdict.ts';

/** What a worker tells of one seed. */
export interface SeedReport extends Job, Omit<Outcome, 'trace' | 'violation'> {
  /** The tale of a fault, if one was found. */
  readonly verdict: string | undefined;
}

/** A seed of the mix, or of a pool of another size. */
export interface Job {
  readonly seed: number;
  readonly large?: readonly [members: number, addresses: number] | undefined;
}

export function scenarioFor({ seed, large }: Job): Scenario {
  return large === undefined ? scenarioOf(seed) : largeScenario(seed, ...large);
}

// Asked job by job: workers that have the small pools do not wait for the one that has the large one.
process.on('message', async (job: Job) => {
  const scenario = scenarioFor(job);
  const { violation, trace: _, ...outcome } = await run(scenario);
  const verdict = violation === undefined ? undefined : await verdictOf(scenario);
  const report: SeedReport = { ...job, verdict, ...outcome };
  process.send?.(report);
});
process.on('disconnect', () => process.exit(0));
