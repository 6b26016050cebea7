import fc from 'fast-check';
import { steps } from '/work/main/test/support/any-order/generate.ts';
import { MemoryDriver } from '/work/main/test/support/any-order/memory-driver.ts';
import { play } from '/work/main/test/support/any-order/play.ts';

const runs = Number(process.argv[2] ?? 200),
  seed = Number(process.argv[3] ?? 1),
  rest = Number(process.argv[4] ?? 0);
const t = performance.now();
const r = await fc.check(
  fc.asyncProperty(steps({ maxSteps: 15, isReal: false }), async (all) => {
    await play(new MemoryDriver(rest), all);
  }),
  { numRuns: runs, seed },
);
console.log(r.failed, r.numRuns, r.numShrinks, Math.round(performance.now() - t), 'ms');
if (r.failed) console.log((r.errorInstance as Error)?.stack?.slice(0, 5000), r.counterexamplePath);
