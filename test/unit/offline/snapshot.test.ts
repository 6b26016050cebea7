import { strict as assert } from 'node:assert';
import { DEFAULT_SITE_CONFIG } from '@openyurt/nodepool-types';
import { View } from '../../../edge-speaker/src/offline/adopt.ts';
import { decodeSnapshot, encodeSnapshot } from '../../../edge-speaker/src/offline/snapshot.ts';

const node = (name: string, rv: number, more: object = {}) => ({
  metadata: { name, resourceVersion: `${rv}`, labels: { 'apps.openyurt.io/nodepool': 'p' }, managedFields: [{}] },
  status: { addresses: [{ type: 'InternalIP', address: '10.0.0.1' }], conditions: [{ lastHeartbeatTime: `${rv}` }] },
  ...more,
});
const service = (name: string, rv: number, type = 'LoadBalancer') => ({
  metadata: {
    name,
    namespace: 'ns',
    uid: `u-${name}`,
    resourceVersion: `${rv}`,
    annotations: { noise: 'x', 'svc.openyurt.io/discard': 'false' },
  },
  spec: { type, loadBalancerClass: 'service.openyurt.io/vip', ports: [{ port: 80 }] },
  status: { loadBalancer: { ingress: [{ ip: '192.168.1.1', hostname: 'p', ipMode: 'VIP' }] } },
});
const slice = (name: string, of: string) => ({
  metadata: { name, namespace: 'ns', resourceVersion: '4', labels: { 'kubernetes.io/service-name': of } },
  endpoints: [{ nodeName: 'a', addresses: ['10.1.0.1'] }],
});

function filled(): View {
  const view = new View();
  view.adoptList('self', [node('a', 2)], 9n, true, 0);
  view.adoptList('nodes', [node('a', 2), node('b', 3)], 9n, true, 0);
  view.adoptList('services', [service('web', 5), service('inner', 6, 'ClusterIP')], 9n, true, 0);
  view.adoptList('slices', [slice('s1', 'web'), slice('s2', 'other')], 9n, true, 0);
  view.site = { ...DEFAULT_SITE_CONFIG, heartbeatMs: 50 };
  view.announced.add('192.168.1.1');
  return view;
}

describe('snapshot', () => {
  it('comes back as it was', () => {
    const before = encodeSnapshot(filled(), 'a', 'p');
    const { view, nodePool } = decodeSnapshot(before.text, 'a', 0);
    assert.equal(nodePool, 'p');
    assert.deepEqual(encodeSnapshot(view, 'a', 'p'), before);
    assert.deepEqual([...view.endpoints.of('ns/web').nodes], ['a']);
    assert.deepEqual([view.services.highest, view.services.complete, view.configs.complete], [9n, true, false]);
    assert.deepEqual(view.services.get('ns/web')?.metadata.resourceVersion, '5');
  });

  it('holds nothing of Services that are none of ours', () => {
    const { text } = encodeSnapshot(filled(), 'a', 'p');
    assert.deepEqual(
      [text.includes('inner'), text.includes('ns/other'), text.includes('noise')],
      [false, false, false],
    );
  });

  it('heartbeats and bookmarks change nothing that is written', () => {
    const view = filled();
    const { fingerprint } = encodeSnapshot(view, 'a', 'p');
    view.adoptEvent('nodes', 'MODIFIED', node('b', 20), 1);
    view.services.seen(30n);
    assert.equal(encodeSnapshot(view, 'a', 'p').fingerprint, fingerprint);
  });

  it("refuses another node's, in a sentence", () => {
    const { text } = encodeSnapshot(filled(), 'a', 'p');
    assert.throws(() => decodeSnapshot(text, 'b', 0), /written by node a, this is b/);
    assert.throws(() => decodeSnapshot('{}', 'b', 0), /no snapshot/);
  });
});
