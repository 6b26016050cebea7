import { constants, setPriority } from 'node:os';
import { MUTANTS } from './mutants.ts';
import { type Outcome, run } from './run.ts';
import { scenarioFor, scenarioOf } from './scenario.ts';
import { verdictOf } from './verdict.ts';

/** A seed of the mix, or of a pool of another size. */
export interface SeedJob {
  readonly kind: 'seed';
  readonly seed: number;
  readonly large?: readonly [members: number, addresses: number] | undefined;
}

/** Seeds from 1 on, with a rule broken, until one shows it. */
export interface MutantJob {
  readonly kind: 'mutant';
  readonly mutant: string;
  readonly within: number;
}

export type Job = SeedJob | MutantJob;

/** What a worker tells of one seed. */
export interface SeedReport extends SeedJob, Omit<Outcome, 'trace' | 'violation'> {
  /** The tale of a fault, if one was found. */
  readonly verdict: string | undefined;
}

/** The first seed that shows the broken rule, if one does. */
export interface MutantReport extends MutantJob {
  readonly seed: number | undefined;
  readonly fault?: string;
  readonly text?: string;
}

export type Report = SeedReport | MutantReport;

async function runSeed(job: SeedJob): Promise<SeedReport> {
  const scenario = scenarioFor(job);
  const { violation, trace: _, ...outcome } = await run(scenario);
  const verdict = violation === undefined ? undefined : await verdictOf(scenario, { large: job.large });
  return { ...job, verdict, ...outcome };
}

async function findMutant(job: MutantJob): Promise<MutantReport> {
  const alter = MUTANTS[job.mutant];
  if (alter === undefined) throw new Error(`no mutant is named ${job.mutant}`);
  for (let seed = 1; seed <= job.within; seed++) {
    const { violation } = await run(scenarioOf(seed), { alter });
    if (violation !== undefined) return { ...job, seed, fault: violation.fault, text: violation.text };
  }
  return { ...job, seed: undefined };
}

// It computes for minutes: suites beside it that count milliseconds get the cores first.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
// Asked job by job: workers that have the small pools do not wait for the one that has the large one.
process.on('message', async (job: Job) => {
  process.send?.(job.kind === 'seed' ? await runSeed(job) : await findMutant(job));
});
process.on('disconnect', () => process.exit(0));
