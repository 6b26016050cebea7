import { Cluster } from '../support/controller/cluster.ts';
import { dualStackContract } from '../support/controller/dual-stack-contract.ts';
import { requireControlPlane } from '../support/kube/available.ts';
import { installCrds } from '../support/kube/openyurt-crds.ts';
import { type TakenControlPlane, takeControlPlane } from '../support/kube/shared-control-plane.ts';

describe('dual stack, on the real kube-apiserver', function () {
  this.timeout(120_000);
  let plane: TakenControlPlane | undefined;
  let cluster: Cluster;

  before(async function () {
    requireControlPlane(this);
    plane = await takeControlPlane();
    await installCrds(plane, ['nodepools']);
    cluster = new Cluster(plane.kubeconfig);
    await cluster.prepare();
  });

  describe('as on the in-process one', () => dualStackContract(() => cluster));
});
