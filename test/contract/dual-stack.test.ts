import { dualStackContract } from '../support/controller/dual-stack-contract.ts';
import { type Sandbox, startSandbox } from '../support/controller/run.ts';

describe('dual stack, on the in-process API server', function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await startSandbox({ serviceCidrs: ['10.96.0.0/16', 'fd00:96::/112'] });
  });
  after(() => sandbox.stop());
  dualStackContract(() => sandbox.cluster);
});
