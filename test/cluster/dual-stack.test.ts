import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { Cluster } from '../support/controller/cluster.ts';
import { dualStackContract } from '../support/controller/dual-stack-contract.ts';
import { requireControlPlane } from '../support/kube/available.ts';
import { type ControlPlane, startControlPlane } from '../support/kube/control-plane.ts';

const crd = readFileSync(new URL('../../nodepool/crds/nodepools.yaml', import.meta.url), 'utf8');

describe('dual stack, on the real kube-apiserver', function () {
  this.timeout(120_000);
  let plane: ControlPlane | undefined;
  let cluster: Cluster;

  before(async function () {
    requireControlPlane(this);
    plane = await startControlPlane();
    const { code, stderr } = await plane.kubectl(['apply', '-f', '-'], crd);
    assert.equal(code, 0, stderr);
    const wait = ['wait', '--for=condition=Established', '--timeout=30s', 'crd/nodepools.apps.openyurt.io'];
    assert.equal((await plane.kubectl(wait)).code, 0);
    cluster = new Cluster(plane.kubeconfig);
    await cluster.prepare();
  });
  after(() => plane?.stop());

  describe('as on the in-process one', () => dualStackContract(() => cluster));
});
