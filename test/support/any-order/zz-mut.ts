import fc from 'fast-check';
import { steps } from './generate.ts';
import { MemoryDriver } from './memory-driver.ts';
import { MUTANTS } from './mutants.ts';
import { BrokenRule, play } from './play.ts';

const runs = Number(process.argv[2] ?? 200),
  seed = Number(process.argv[3] ?? 1);
const only = process.argv[4];
const all = fc.sample(steps({ maxSteps: 12, isReal: false }), { numRuns: runs, seed });
for (const m of MUTANTS) {
  if (only && !m.name.includes(only)) continue;
  const c = process.cpuUsage();
  const found = new Map<string, number>();
  let first = -1;
  let text = '';
  for (const [i, one] of all.entries()) {
    try {
      await play(new MemoryDriver(m.restMs ?? 0, m.alter), one);
    } catch (e) {
      const rules =
        e instanceof BrokenRule ? e.faults.map((f) => f.rule).join('+') : `!${(e as Error).stack?.slice(0, 300)}`;
      if (first < 0) {
        first = i;
        text = e instanceof BrokenRule ? (e.faults[0]?.text ?? '') : '';
      }
      found.set(rules, (found.get(rules) ?? 0) + 1);
      break;
    }
  }
  console.log(first, m.name, [...found], text, Math.round(process.cpuUsage(c).user / 1000), 'cpu');
}
