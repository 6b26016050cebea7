import { type Sandbox, startSandbox } from '../support/controller/run.ts';
import { yurtManagerBehaviour } from '../support/yurt-manager/behaviour.ts';

describe("the stand-in for yurt-manager's LoadBalancerSet, on the in-process API server", () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await startSandbox();
  });
  after(() => sandbox.stop());
  yurtManagerBehaviour(() => sandbox.cluster);
});
