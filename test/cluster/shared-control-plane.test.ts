import { strict as assert } from 'node:assert';
import { apiStatus } from '../support/kube/api-status.ts';
import { requireControlPlane } from '../support/kube/available.ts';
import { installCrds } from '../support/kube/openyurt-crds.ts';
import { type TakenControlPlane, takeControlPlane } from '../support/kube/shared-control-plane.ts';

const LABELS = 'get namespace,clusterrole --no-headers -o custom-columns=:.metadata.name,:.metadata.labels';
const SERVICE = { clusterIP: '10.96.7.7', ports: [{ port: 80, nodePort: 30_007 }] };

describe('a control plane that suites share', function () {
  this.timeout(120_000);
  let earlier: TakenControlPlane;
  let now: TakenControlPlane;
  let fresh: (string | string[])[];

  const kubectl = async (plane: TakenControlPlane, words: string, stdin?: string): Promise<string> => {
    const { code, stdout, stderr } = await plane.kubectl(words.split(' '), stdin);
    assert.equal(code, 0, `kubectl ${words}: ${stderr}`);
    return stdout;
  };
  /** All objects but those that the API server renews or that say who is administrator. */
  const objects = async (plane: TakenControlPlane): Promise<string[]> => {
    const kinds = (await kubectl(plane, 'api-resources --verbs=list -o name')).trim().split('\n');
    const found = await kubectl(plane, `get ${kinds.join(',')} -A -o name`);
    return found.split('\n').filter((name) => !/^(lease\.|componentstatus)|\/admin-\d+$/.test(name));
  };
  const service = (plane: TakenControlPlane, name: string) => {
    const object = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { type: 'LoadBalancer', ...SERVICE },
    };
    return kubectl(plane, 'create -n shop -f -', JSON.stringify(object));
  };

  before(async function () {
    requireControlPlane(this);
    earlier = await takeControlPlane();
    fresh = [await objects(earlier), await kubectl(earlier, LABELS)];
    await installCrds(earlier);
    await kubectl(earlier, 'create namespace shop');
    await service(earlier, 'web');
    await kubectl(earlier, 'create configmap held -n shop');
    await kubectl(earlier, 'patch configmap held -n shop -p {"metadata":{"finalizers":["example.com/never"]}}');
    await kubectl(earlier, 'delete configmap held -n shop --wait=false');
    await kubectl(earlier, 'label namespace default tier=front');
    await kubectl(earlier, 'label clusterrole view tier=front');
    await kubectl(earlier, 'delete clusterrole edit');
    const nodePool = { apiVersion: 'apps.openyurt.io/v1beta2', kind: 'NodePool', metadata: { name: 'hangzhou' } };
    await kubectl(earlier, 'create -f -', JSON.stringify({ ...nodePool, spec: { type: 'Edge' } }));
    assert.notDeepEqual([await objects(earlier), await kubectl(earlier, LABELS)], fresh);
    now = await takeControlPlane();
  });

  it('is as it was, whatever the suite before has made, changed and deleted', async () => {
    assert.deepEqual([await objects(now), await kubectl(now, LABELS)], fresh);
    assert.equal(await apiStatus(now.kubeconfig, '/apis/apps.openyurt.io/v1beta2/nodepools'), 404);
  });

  it('is closed to whoever had it before', async () => {
    assert.equal(await apiStatus(now.kubeconfig, '/api/v1/namespaces/default/services'), 200);
    assert.equal(await apiStatus(earlier.kubeconfig, '/api/v1/namespaces/default/services'), 403);
    assert.match((await earlier.kubectl(['create', 'namespace', 'mine'])).stderr, /Forbidden/);
  });

  it('gives what was given before once more', async () => {
    await installCrds(now);
    await kubectl(now, 'create namespace shop');
    await service(now, 'other'); // the same cluster IP and node port
    assert.equal(await kubectl(now, 'get nodepools,poolservices -A -o name'), '');
  });
});
