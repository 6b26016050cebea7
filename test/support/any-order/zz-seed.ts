import fc from 'fast-check';
import { steps } from './generate.ts';
import { MemoryDriver } from './memory-driver.ts';
import { MUTANTS } from './mutants.ts';
import { BrokenRule, play } from './play.ts';

const seeds = (process.argv[2] ?? '1,2,3').split(',').map(Number),
  within = Number(process.argv[3] ?? 60);
const best = new Map<string, [number, number, string, string]>();
for (const seed of seeds)
  for (const m of MUTANTS) {
  if (process.argv[4] && !m.name.includes(process.argv[4])) continue;
    const old = best.get(m.name);
    const cap = old ? Math.min(within, old[1]) : within;
    if (cap <= 3) continue;
    const each = fc.asyncProperty(steps({ maxSteps: 12, isReal: false }), async (all) => {
      await play(new MemoryDriver(m.restMs ?? 0, m.alter), all);
    });
    const r = await fc.check(each, { numRuns: cap, seed, endOnFailure: true });
    if (!r.failed) continue;
    const e = r.errorInstance;
    const rules =
      e instanceof BrokenRule ? e.faults.map((f) => f.rule).join('+') : String((e as Error).stack).slice(0, 200);
    console.log(m.name, seed, r.numRuns, rules.slice(0,60));
  if (!old || r.numRuns < old[1])
      best.set(m.name, [seed, r.numRuns, rules, e instanceof BrokenRule ? (e.faults[0]?.text ?? '') : '']);
  }
for (const m of MUTANTS) console.log(JSON.stringify([m.name, ...(best.get(m.name) ?? ['NOT FOUND'])]));
