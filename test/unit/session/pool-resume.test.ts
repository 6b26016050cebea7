import { strict as assert } from 'node:assert';
import { DEFAULT_SITE_CONFIG } from '@openyurt/nodepool-types';
import { PoolRun } from '../../support/pool-run.ts';

const ADDRESSES = ['10.9.0.1', '10.9.0.2', '10.9.0.3', '10.9.0.4'];
const site = { ...DEFAULT_SITE_CONFIG, minReadySeconds: 0 };

describe('a member that doubted itself', () => {
  const cases = [
    { name: 'for less than a death takes: resumes what it had', stoppedMs: 320, resumed: true },
    { name: 'and was taken for dead: announces it anew', stoppedMs: 1_000, resumed: false },
  ];
  for (const { name, stoppedMs, resumed } of cases) {
    it(name, async () => {
      const run = new PoolRun({ seed: 5, loss: 0, delayMs: [0.05, 0.5], members: 3, addresses: ADDRESSES, site });
      await Promise.resolve();
      run.advance(3_000);
      const member = run.members.find(({ answers }) => answers.size > 0) ?? assert.fail('nobody announces');
      const had = [...member.answers].sort();
      const before = member.told.length;
      run.stop(member);
      run.advance(stoppedMs);
      run.go(member);
      run.advance(3_000);
      assert.deepEqual([...member.answers].sort(), had);
      const announced = member.told.slice(before).filter((line) => line.includes(' announce '));
      assert.ok(announced.length >= had.length);
      for (const line of announced) assert.equal(line.endsWith(' resumed'), resumed, line);
    });
  }
});
