import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { DEFAULT_SITE_CONFIG, type KubeObject } from '@openyurt/nodepool-types';
import { decodeSlot } from '../../../edge-speaker/src/io/cache-slot.ts';
import { type Resource, View } from '../../../edge-speaker/src/offline/adopt.ts';
import { Outage } from '../../../edge-speaker/src/offline/outage.ts';
import { decodeSnapshot, encodeSnapshot } from '../../../edge-speaker/src/offline/snapshot.ts';

const SECRET = 'hunter2-in-base64';

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
    assert.deepEqual([...view.endpoints.of('ns/web', 'IPv4').nodes], ['a']);
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

  it('a resourceVersion alone changes nothing that is written, and is written with the next change', () => {
    const view = filled();
    const { fingerprint } = encodeSnapshot(view, 'a', 'p');
    view.adoptEvent('services', 'MODIFIED', service('web', 50), 1);
    const touched = encodeSnapshot(view, 'a', 'p');
    assert.equal(touched.fingerprint, fingerprint);
    const { view: restored } = decodeSnapshot(touched.text, 'a', 0);
    assert.equal(restored.services.get('ns/web')?.metadata.resourceVersion, '50');
    const moved = {
      ...service('web', 51),
      status: { loadBalancer: { ingress: [{ ip: '192.168.1.2', hostname: 'p' }] } },
    };
    view.adoptEvent('services', 'MODIFIED', moved, 1);
    assert.notEqual(encodeSnapshot(view, 'a', 'p').fingerprint, fingerprint);
  });

  it('reads what the first version wrote; what that one did not know has its default', () => {
    const slot = decodeSlot(readFileSync(new URL('../../fixtures/cache/view.format-1', import.meta.url)));
    assert.ok(slot.kind === 'whole' && slot.format === 1);
    const { view, nodePool } = decodeSnapshot(slot.text, 'edge-1', 0);
    assert.deepEqual(
      [nodePool, view.isWhole('hangzhou'), [...view.announced], view.services.highest],
      ['hangzhou', true, ['192.168.10.240'], 41n],
    );
    assert.deepEqual(
      [...view.membersOf('hangzhou')].map(({ name }) => name),
      ['edge-1', 'edge-2'],
    );
    assert.deepEqual(view.services.get('shop/web')?.status?.loadBalancer?.ingress?.[0]?.ip, '192.168.10.240');
    assert.deepEqual([...view.endpoints.of('shop/web', 'IPv4').nodes], ['edge-1', 'edge-2']);
    assert.equal(view.configOf('hangzhou')?.site, 'heartbeat: 50ms');
    assert.deepEqual(view.site, { ...DEFAULT_SITE_CONFIG, heartbeatMs: 50 });
  });

  it('keeps endpoint addresses of the own NodePool: those of others come and go without a meaning here', () => {
    const view = filled();
    const endpoints = ['a', 'b', 'far'].map((nodeName, i) => ({ nodeName, addresses: [`10.1.0.${i + 1}`] }));
    const ports = [{ port: 80, protocol: 'TCP' }];
    view.adoptList('slices', [{ ...slice('s1', 'web'), endpoints, ports } as KubeObject], 9n, true, 0);
    const { view: restored } = decodeSnapshot(encodeSnapshot(view, 'a', 'p').text, 'a', 0);
    assert.deepEqual(
      [...restored.endpoints.tcpOf('ns/web')].map(({ node, ip }) => `${node} ${ip}`),
      ['a 10.1.0.1', 'b 10.1.0.2'],
    );
    assert.deepEqual([...restored.endpoints.of('ns/web', 'IPv4').nodes], ['a', 'b', 'far']);
  });

  it('remembers an outage that goes on, and writes nothing for one that does not', () => {
    const view = filled();
    const { text } = encodeSnapshot(view, 'a', 'p');
    assert.equal(text.includes('outage'), false);
    const outage = new Outage(0);
    outage.took('192.168.1.1', 5);
    view.outage = outage.stored(10, 20, 1_000);
    const { view: restored } = decodeSnapshot(encodeSnapshot(view, 'a', 'p').text, 'a', 0);
    assert.deepEqual(restored.outage, view.outage);
    const { sinceMs } = restored.services.entry('ns/web') ?? {};
    assert.equal(sinceMs, -20, 'nobody has vouched for it since the outage began');
  });

  it('holds no secret, wherever in the cluster people left one', () => {
    const view = new View();
    const metadata = (name: string, more: object = {}) => ({
      ...{ name, namespace: 'ns', uid: 'u', resourceVersion: '1' },
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': SECRET, token: SECRET },
      labels: { 'apps.openyurt.io/nodepool': 'p', 'kubernetes.io/service-name': 'web', password: SECRET },
      managedFields: [{ manager: SECRET }],
      ...more,
    });
    const addresses = [{ type: 'InternalIP', address: '10.0.0.1' }];
    const own = {
      metadata: metadata('a'),
      spec: { providerID: SECRET },
      status: { addresses, nodeInfo: { bootID: SECRET } },
    };
    view.adoptList('self', [own], 1n, true, 0);
    view.adoptList('nodes', [own], 1n, true, 0);
    const spec = { ...service('web', 1).spec, externalName: SECRET, selector: { app: SECRET } };
    const put = (resource: Resource, object: object) => view.adoptList(resource, [object as KubeObject], 1n, true, 0);
    put('services', { ...service('web', 1), metadata: metadata('web'), spec });
    const endpoints = [{ nodeName: 'a', hostname: SECRET, targetRef: { name: SECRET } }];
    put('slices', { metadata: metadata('s'), endpoints });
    const data = { config: 'c', site: 's', other: SECRET };
    put('configs', { metadata: metadata('p'), data, binaryData: { key: SECRET } });
    const { text } = encodeSnapshot(view, 'a', 'p');
    assert.ok(view.isWhole('p') && [...'a web s p'.split(' ')].every((name) => text.includes(name)));
    assert.ok(!text.includes(SECRET), text);
  });

  it("refuses another node's, in a sentence", () => {
    const { text } = encodeSnapshot(filled(), 'a', 'p');
    assert.throws(() => decodeSnapshot(text, 'b', 0), /written by node a, this is b/);
    assert.throws(() => decodeSnapshot('{}', 'b', 0), /no snapshot/);
  });
});
