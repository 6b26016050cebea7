import type { ServiceWish, Step } from './commands.ts';
import { MemoryDriver } from './memory-driver.ts';
import { MUTANTS } from './mutants.ts';
import { play } from './play.ts';

const plain: ServiceWish = {
  namespace: 'default',
  type: 'ours',
  policy: 'SingleStack',
  trafficPolicy: 'Cluster',
  app: 'one',
  gold: false,
  families: ['IPv4'],
  ports: ['80/TCP'],
  selector: 'site=a',
};
const all: Step[] = [0, 1, 2, 3, 4].map((n) => ({ commands: [{ kind: 'service', name: `s${n}`, wish: plain }] }));
all.push({ commands: [{ kind: 'delete-service', name: 's0' }] });
for (const m of MUTANTS.filter((one) => /came last|does not take/.test(one.name)))
  await play(new MemoryDriver(0, m.alter), all).then(
    () => console.log('not found', m.name),
    (e) => console.log(m.name, e.faults?.[0] ?? e),
  );
