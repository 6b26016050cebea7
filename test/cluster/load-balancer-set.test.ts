import { Cluster } from '../support/controller/cluster.ts';
import { requireControlPlane } from '../support/kube/available.ts';
import { installCrds } from '../support/kube/openyurt-crds.ts';
import { type TakenControlPlane, takeControlPlane } from '../support/kube/shared-control-plane.ts';
import { yurtManagerBehaviour } from '../support/yurt-manager/behaviour.ts';
import { besideLoadBalancerSet } from '../support/yurt-manager/beside.ts';

describe("yurt-manager's LoadBalancerSet, on the real kube-apiserver", function () {
  this.timeout(120_000);
  let plane: TakenControlPlane | undefined;
  let cluster: Cluster;

  before(async function () {
    requireControlPlane(this);
    plane = await takeControlPlane();
    await installCrds(plane);
    cluster = new Cluster(plane.kubeconfig);
    await cluster.prepare();
  });

  describe('the stand-in behaves as what was seen of it', () => yurtManagerBehaviour(() => cluster));
  describe('the controller beside it', () => besideLoadBalancerSet(() => cluster));
});
