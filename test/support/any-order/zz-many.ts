import fc from 'fast-check';
import { steps } from './generate.ts';
import { MemoryDriver } from './memory-driver.ts';
import { BrokenRule, play } from './play.ts';

// tallies the first fault of each run, no shrinking
const runs = Number(process.argv[2] ?? 200),
  seed = Number(process.argv[3] ?? 1),
  rest = Number(process.argv[4] ?? 0);
const tally = new Map<string, number>();
const t = performance.now();
const c = process.cpuUsage();
for (const all of fc.sample(steps({ maxSteps: 12, isReal: false }), { numRuns: runs, seed })) {
  try {
    await play(new MemoryDriver(rest), all);
  } catch (e) {
    const k = e instanceof BrokenRule ? String(e.faults[0]?.rule) : (String((e as Error).message).split('\n')[0] ?? '');
    if (k === process.argv[5] && !tally.has(k)) console.log((e as Error).message);
    tally.set(k, (tally.get(k) ?? 0) + 1);
  }
}
console.log(tally, Math.round(performance.now() - t), 'ms', Math.round(process.cpuUsage(c).user / 1000), 'cpu');
