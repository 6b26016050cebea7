import { Cluster } from '../support/controller/cluster.ts';
import { requireControlPlane } from '../support/kube/available.ts';
import { type ControlPlane, startControlPlane } from '../support/kube/control-plane.ts';
import { installCrds } from '../support/kube/openyurt-crds.ts';
import { yurtManagerBehaviour } from '../support/yurt-manager/behaviour.ts';
import { besideLoadBalancerSet } from '../support/yurt-manager/beside.ts';

describe("yurt-manager's LoadBalancerSet, on the real kube-apiserver", function () {
  this.timeout(120_000);
  let plane: ControlPlane | undefined;
  let cluster: Cluster;

  before(async function () {
    requireControlPlane(this);
    plane = await startControlPlane();
    await installCrds(plane);
    cluster = new Cluster(plane.kubeconfig);
    await cluster.prepare();
  });
  after(() => plane?.stop());

  describe('the stand-in behaves as what was seen of it', () => yurtManagerBehaviour(() => cluster));
  describe('the controller beside it', () => besideLoadBalancerSet(() => cluster));
});
