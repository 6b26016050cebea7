import { Cluster } from '../support/controller/cluster.ts';
import { dualStackContract } from '../support/controller/dual-stack-contract.ts';
import { requireControlPlane } from '../support/kube/available.ts';
import { type ControlPlane, startControlPlane } from '../support/kube/control-plane.ts';
import { installCrds } from '../support/kube/openyurt-crds.ts';

describe('dual stack, on the real kube-apiserver', function () {
  this.timeout(120_000);
  let plane: ControlPlane | undefined;
  let cluster: Cluster;

  before(async function () {
    requireControlPlane(this);
    plane = await startControlPlane();
    await installCrds(plane, ['nodepools']);
    cluster = new Cluster(plane.kubeconfig);
    await cluster.prepare();
  });
  after(() => plane?.stop());

  describe('as on the in-process one', () => dualStackContract(() => cluster));
});
