import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { Cluster } from '../support/controller/cluster.ts';
import { requireControlPlane } from '../support/kube/available.ts';
import { type ControlPlane, startControlPlane } from '../support/kube/control-plane.ts';
import { yurtManagerBehaviour } from '../support/yurt-manager/behaviour.ts';
import { besideLoadBalancerSet } from '../support/yurt-manager/beside.ts';

const crd = (name: string) => readFileSync(new URL(`../../nodepool/crds/${name}.yaml`, import.meta.url), 'utf8');

describe("yurt-manager's LoadBalancerSet, on the real kube-apiserver", function () {
  this.timeout(120_000);
  let plane: ControlPlane | undefined;
  let cluster: Cluster;

  before(async function () {
    requireControlPlane(this);
    plane = await startControlPlane();
    for (const name of ['nodepools', 'poolservices']) {
      const { code, stderr } = await plane.kubectl(['apply', '-f', '-'], crd(name));
      assert.equal(code, 0, stderr);
    }
    const established = ['wait', '--for=condition=Established', '--timeout=30s'];
    const crds = ['crd/nodepools.apps.openyurt.io', 'crd/poolservices.network.openyurt.io'];
    assert.equal((await plane.kubectl([...established, ...crds])).code, 0);
    cluster = new Cluster(plane.kubeconfig);
    await cluster.prepare();
  });
  after(() => plane?.stop());

  describe('the stand-in behaves as what was seen of it', () => yurtManagerBehaviour(() => cluster));
  describe('the controller beside it', () => besideLoadBalancerSet(() => cluster));
});
