import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { steps } from '../../support/any-order/generate.ts';
import { MemoryDriver } from '../../support/any-order/memory-driver.ts';
import { MUTANTS } from '../../support/any-order/mutants.ts';
import { BrokenRule, play } from '../../support/any-order/play.ts';

/** A broken rule must show within so many sequences. */
const WITHIN = 300;

describe('changes in any order find what is broken', function () {
  this.timeout(120_000);

  for (const { name, alter, seed, rules, restMs = 0 } of MUTANTS) {
    it(name, async () => {
      const each = fc.asyncProperty(steps({ maxSteps: 12, isReal: false }), async (all) => {
        await play(new MemoryDriver(restMs, alter), all);
      });
      const { failed, errorInstance, numRuns } = await fc.check(each, { numRuns: WITHIN, seed, endOnFailure: true });
      assert.ok(failed, `not found within ${WITHIN} sequences`);
      if (!(errorInstance instanceof BrokenRule)) throw errorInstance;
      const [fault] = errorInstance.faults;
      assert.ok(fault !== undefined && rules.includes(fault.rule), `${fault?.rule}: ${fault?.text}`);
      console.log(`      sequence ${numRuns} of seed ${seed}: ${fault.rule}: ${fault.text}`);
    });
  }
});
