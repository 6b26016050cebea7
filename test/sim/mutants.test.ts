import { strict as assert } from 'node:assert';
import { MUTANTS } from './mutants.ts';
import type { MutantReport } from './worker.ts';
import { runJobs } from './workers.ts';

/** A broken rule must show within so many seeds. */
const WITHIN = 250;

describe('the simulator finds broken rules', function () {
  this.timeout(1_200_000); // its workers come last where others want the cores
  const names = Object.keys(MUTANTS);
  const found = new Map<string, MutantReport>();

  before(async () => {
    const jobs = names.map((mutant) => ({ kind: 'mutant' as const, mutant, within: WITHIN }));
    await runJobs(jobs, (report) => {
      if (report.kind === 'mutant') found.set(report.mutant, report);
    });
  });

  for (const name of names) {
    it(name, () => {
      const { seed, fault, text = '' } = found.get(name) ?? assert.fail('the worker told nothing of it');
      assert.ok(seed !== undefined, `not found within ${WITHIN} seeds`);
      assert.notEqual(fault, 'threw', text);
      console.log(`      seed ${seed} catches "${name}": ${fault}: ${text}`);
    });
  }
});
