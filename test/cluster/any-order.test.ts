import fc from 'fast-check';
import { ClusterDriver } from '../support/any-order/cluster-driver.ts';
import { steps } from '../support/any-order/generate.ts';
import { play } from '../support/any-order/play.ts';
import { settings } from '../support/any-order/settings.ts';
import { Cluster } from '../support/controller/cluster.ts';
import { requireControlPlane } from '../support/kube/available.ts';
import { installCrds } from '../support/kube/openyurt-crds.ts';
import { takeControlPlane } from '../support/kube/shared-control-plane.ts';

describe('changes in any order, on the real kube-apiserver', function () {
  this.timeout(600_000);
  let driver: ClusterDriver | undefined;

  before(async function () {
    requireControlPlane(this);
    const plane = await takeControlPlane();
    await installCrds(plane, ['nodepools']);
    const cluster = new Cluster(plane.kubeconfig);
    await cluster.prepare();
    driver = new ClusterDriver(cluster);
    await driver.prepare();
  });
  after(() => driver?.stop());

  it('the rules hold, whatever comes and whenever the controller dies', async () => {
    const each = fc.asyncProperty(steps({ maxSteps: 10, isReal: true }), async (all) => {
      if (driver !== undefined) await play(driver, all);
    });
    await fc.assert(each, { ...settings(3, 20261121), endOnFailure: true });
  });
});
