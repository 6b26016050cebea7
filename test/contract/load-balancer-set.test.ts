import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { type RunningController, runController, type Sandbox, startSandbox } from '../support/controller/run.ts';
import { waitUntil } from '../support/kube/wait-until.ts';
import { besideLoadBalancerSet } from '../support/yurt-manager/beside.ts';
import { YurtManager } from '../support/yurt-manager/load-balancer-set.ts';
import { SELECTOR } from '../support/yurt-manager/names.ts';
import { PoolServices } from '../support/yurt-manager/pool-services.ts';

const crd = (name: string) => parse(readFileSync(new URL(`../../nodepool/crds/${name}.yaml`, import.meta.url), 'utf8'));

describe("beside yurt-manager's LoadBalancerSet, on the in-process API server", function () {
  this.timeout(120_000);

  describe('where PoolServices are served', () => {
    let sandbox: Sandbox;
    before(async () => {
      sandbox = await startSandbox();
    });
    after(() => sandbox.stop());
    besideLoadBalancerSet(() => sandbox.cluster);
  });

  describe('where there is no CRD of PoolServices', () => {
    let sandbox: Sandbox;
    let running: RunningController;
    let manager: YurtManager | undefined;
    beforeEach(async () => {
      sandbox = await startSandbox({ crds: [crd('nodepools')] });
      await sandbox.cluster.nodePool('shop', { tier: 'shop' });
      await sandbox.cluster.range('shop', '10.0.0.1-10.0.0.9');
      running = runController(sandbox.cluster.kubeconfig);
    });
    afterEach(async () => {
      await manager?.stop();
      await running.stop();
      await sandbox.stop();
    });

    it('Services are written; the CRD and yurt-manager come later: the addresses move over at once, unchanged', async () => {
      const { cluster } = sandbox;
      await cluster.service('other');
      await cluster.ingressBecomes('other', 'shop=10.0.0.1');
      await cluster.service('web', { annotations: { [SELECTOR]: 'tier=shop' }, ports: [81] });
      await cluster.ingressBecomes('web', 'shop=10.0.0.2');
      await cluster.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', crd('poolservices'));
      manager = new YurtManager(cluster.api);
      await manager.start();
      const poolServices = new PoolServices(cluster.api);
      const isFilled = async () => (await poolServices.ingress('web-shop').catch(() => '')) === 'shop=10.0.0.2';
      await waitUntil('PoolService with the address', isFilled, { deadlineMs: 15_000, everyMs: 20 });
      await cluster.ingressBecomes('web', 'shop=10.0.0.2');
    });
  });
});
