import { strict as assert } from 'node:assert';
import type { Cluster } from '../controller/cluster.ts';
import { AT_ODDS } from './at-odds.ts';
import { CRD_COMES_AND_GOES } from './crd-comes-and-goes.ts';
import { RESTARTS } from './restarts.ts';
import { Stage } from './stage.ts';
import { SWITCHING } from './switching.ts';
import { TOGETHER } from './together.ts';

/** @param cluster with the CRDs of NodePool and PoolService, and no controller */
export function besideLoadBalancerSet(cluster: () => Cluster): void {
  let stage: Stage;
  beforeEach(async () => {
    stage = new Stage(cluster());
    await stage.open();
  });
  afterEach(() => stage.close());

  describe('both run', () => {
    for (const { name, run } of [...TOGETHER, ...AT_ODDS]) {
      it(name, async () => {
        await stage.startManager();
        await stage.startController();
        await run(stage);
        assert.deepEqual(stage.manager?.errors, []);
      });
    }
  });
  describe('switching', () => {
    for (const { name, run } of [...SWITCHING, ...CRD_COMES_AND_GOES, ...RESTARTS]) it(name, () => run(stage));
  });
}
