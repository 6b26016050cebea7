import fc from 'fast-check';
import { readFacts } from './facts.ts';
import { steps } from './generate.ts';
import { MemoryDriver } from './memory-driver.ts';
import { play } from './play.ts';

let n = 0,
  st = 0,
  sv = 0,
  none = 0;
const reasons = new Map<string, number>();
let shared = 0;
class D extends MemoryDriver {
  override async quiet() {
    const seen = await super.quiet();
    const f = readFacts(seen);
    st++;
    for (const s of f.services.values()) {
      if (!s.isOurs || s.key.includes('fill')) continue;
      sv++;
      if (s.entries.length === 0) none++;
      const r = s.condition?.reason ?? '';
      reasons.set(r, (reasons.get(r) ?? 0) + 1);
      if (
        [...f.services.values()].some(
          (o) => o !== s && o.entries.some((e) => s.entries.some((x) => x.ip === e.ip && x.site === e.site)),
        )
      )
        shared++;
    }
    return seen;
  }
}
for (const all of fc.sample(steps({ maxSteps: 12, isReal: false }), { numRuns: 100, seed: 3 })) {
  n += all.length;
  await play(new D(), all);
}
console.log(
  { steps: n / 100, services: sv / st, none: none / sv, shared: shared / sv },
  [...reasons].sort((a, b) => b[1] - a[1]),
);
