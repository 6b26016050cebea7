import { strict as assert } from 'node:assert';
import { MUTANTS } from './mutants.ts';
import { run } from './run.ts';
import { scenarioOf } from './scenario.ts';

/** A broken rule must show within so many seeds. */
const WITHIN = 150;

describe('the simulator finds broken rules', function () {
  this.timeout(120_000);

  for (const [name, alter] of Object.entries(MUTANTS)) {
    it(name, async () => {
      for (let seed = 1; seed <= WITHIN; seed++) {
        const { violation } = await run(scenarioOf(seed), { alter });
        if (violation === undefined) continue;
        console.log(`      seed ${seed}: ${violation.fault}: ${violation.text.split('\n')[0]}`);
        assert.notEqual(violation.fault, 'threw', violation.text);
        return;
      }
      assert.fail(`not found within ${WITHIN} seeds`);
    });
  }
});
