import fc from 'fast-check';
import { steps } from '../../support/any-order/generate.ts';
import { MemoryDriver } from '../../support/any-order/memory-driver.ts';
import { play } from '../../support/any-order/play.ts';
import { settings } from '../../support/any-order/settings.ts';

describe('controller core, changes in any order', function () {
  this.timeout(600_000);

  const rows = [
    { name: 'the rules hold, whatever comes and whenever the controller dies', restMs: 0, runs: 150 },
    { name: 'and with addresses that rest when they are released', restMs: 700, runs: 50 },
  ];
  for (const { name, restMs, runs } of rows) {
    it(name, async () => {
      const each = fc.asyncProperty(steps({ maxSteps: 12, isReal: false }), async (all) => {
        const driver = new MemoryDriver(restMs);
        await play(driver, all);
        driver.assertEmpty();
      });
      await fc.assert(each, settings(runs, 20261121));
    });
  }
});
