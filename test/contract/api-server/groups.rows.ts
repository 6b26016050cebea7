import assert from 'node:assert/strict';
import type { Json, Obj } from './client.ts';
import type { SiteOf } from './site.ts';
import { Watcher } from './watcher.ts';

const NOW = '2026-01-02T03:04:05.000001Z';

/** Events in their two groups, EndpointSlices, Nodes, reviews, health. */
export function groupRows(site: SiteOf): void {
  const coreEvents = () => site().core('events');
  const newEvents = () => site().apis('events.k8s.io/v1', 'events');
  const event = (name: string, over: Json = {}): Json => ({
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name },
    regarding: { apiVersion: 'v1', kind: 'Service', name: 'web', namespace: site().namespace },
    reason: 'IPAllocated',
    action: 'Allocate',
    note: 'got 192.0.2.1',
    type: 'Normal',
    eventTime: NOW,
    reportingController: 'service.openyurt.io/yurtlb',
    reportingInstance: 'one',
    ...over,
  });

  it('an events.k8s.io event is a core event under other names', async () => {
    const made = await site().client.make(newEvents(), event('ev-new'));
    const seen = await site().client.get(`${coreEvents()}/ev-new`);
    assert.equal(seen.body.metadata.uid, made.metadata.uid);
    const { involvedObject, message, reportingComponent, reason, eventTime } = seen.body;
    assert.deepEqual(involvedObject, made.regarding);
    assert.deepEqual(
      [message, reportingComponent, reason, eventTime],
      [made.note, made.reportingController, made.reason, NOW],
    );
    assert.equal(seen.body.regarding, undefined);
  });

  it('a core event is an events.k8s.io event under other names', async () => {
    await site().client.make(coreEvents(), {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'ev-old' },
      involvedObject: { kind: 'Service', name: 'web', namespace: site().namespace },
      reason: 'Old',
      message: 'hello',
      type: 'Warning',
      source: { component: 'x' },
      firstTimestamp: '2026-01-02T03:04:05Z',
      lastTimestamp: '2026-01-02T03:04:06Z',
      count: 2,
    });
    const { body } = await site().client.get(`${newEvents()}/ev-old`);
    assert.deepEqual([body.note, body.deprecatedCount, body.deprecatedSource], ['hello', 2, { component: 'x' }]);
    assert.equal(body.deprecatedLastTimestamp, '2026-01-02T03:04:06Z');
  });

  it('events are found by the object they are about, in both groups', async () => {
    const old = await site().client.get(coreEvents(), { fieldSelector: 'involvedObject.name=web,reason=IPAllocated' });
    const now = await site().client.get(newEvents(), { fieldSelector: 'regarding.name=web,reason=IPAllocated' });
    for (const { body } of [old, now])
      assert.deepEqual(
        (body.items as Obj[]).map((o) => o.metadata.name),
        ['ev-new'],
      );
    assert.equal((await site().client.get(newEvents(), { fieldSelector: 'involvedObject.name=web' })).code, 400);
  });

  it('a series grows by patch; the rest of an event stays', async () => {
    const series = { count: 2, lastObservedTime: NOW };
    const grown = await site().client.patch(`${newEvents()}/ev-new`, 'merge', { series });
    assert.equal(grown.code, 200, grown.text);
    assert.deepEqual(grown.body.series, series);
    const other = await site().client.patch(`${newEvents()}/ev-new`, 'merge', { note: 'other' });
    assert.deepEqual([other.code, other.body.reason], [422, 'Invalid']);
  });

  const bad: { name: string; over: Json; code: number; field?: string }[] = [
    { name: 'no action', over: { action: undefined }, code: 422, field: 'action' },
    { name: 'no reportingInstance', over: { reportingInstance: '' }, code: 422, field: 'reportingInstance' },
    { name: 'an odd type', over: { type: 'Error' }, code: 422, field: 'type' },
    { name: 'a long note', over: { note: 'x'.repeat(1025) }, code: 422, field: 'message' },
    {
      name: 'an object elsewhere',
      over: { regarding: { kind: 'Node', name: 'n' } },
      code: 422,
      field: 'involvedObject.namespace',
    },
    { name: 'a time with three digits', over: { eventTime: '2026-01-02T03:04:05.123Z' }, code: 400 },
  ];
  for (const { name, over, code, field } of bad) {
    it(`an event with ${name} gets ${code}`, async () => {
      const answer = await site().client.post(newEvents(), event('ev-bad', over));
      assert.equal(answer.code, code, answer.text);
      if (field === undefined) return;
      const { causes } = answer.body.details as { causes: { field: string }[] };
      assert.deepEqual([...new Set(causes.map((c) => c.field))], [field], answer.text);
    });
  }

  it('an EndpointSlice: defaults, generation with each change of content', async () => {
    const path = site().apis('discovery.k8s.io/v1', 'endpointslices');
    const made = await site().client.make(path, {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.1.2.3'], nodeName: 'n1' }],
      ports: [{ port: 80 }],
    });
    assert.deepEqual(made.endpoints, [{ addresses: ['10.1.2.3'], conditions: {}, nodeName: 'n1' }]);
    assert.deepEqual(made.ports, [{ name: '', port: 80, protocol: 'TCP' }]);
    assert.equal(made.metadata.generation, 1);
    const noted = await site().client.patch(`${path}/web-1`, 'merge', { metadata: { annotations: { a: 'b' } } });
    assert.equal(noted.body.metadata.generation, 1);
    const changed = await site().client.patch(`${path}/web-1`, 'merge', { endpoints: [] });
    assert.equal(changed.body.metadata.generation, 2);
    const turned = await site().client.patch(`${path}/web-1`, 'merge', { addressType: 'IPv6' });
    assert.equal(turned.code, 422);
  });

  it('a Node: status apart, conditions merge by type, its changes can be watched by name', async () => {
    const { client, namespace } = site();
    const name = `node-${namespace}`;
    const status = { addresses: [{ type: 'InternalIP', address: '10.9.8.7' }] };
    const made = await client.make('/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name }, status });
    const query = { fieldSelector: `metadata.name=${name}`, resourceVersion: made.metadata.resourceVersion };
    const watcher = await Watcher.open(client, '/api/v1/nodes', query);
    const ready = { type: 'Ready', status: 'True', reason: 'Test', lastTransitionTime: '2026-01-02T03:04:05Z' };
    const patched = await client.patch(`/api/v1/nodes/${name}/status`, 'strategic-merge', {
      status: { conditions: [ready] },
    });
    assert.equal(patched.code, 200, patched.text);
    assert.deepEqual((patched.body.status as Json).addresses, status.addresses);
    const main = await client.patch(`/api/v1/nodes/${name}`, 'merge', {
      status: null,
      metadata: { labels: { a: 'b' } },
    });
    assert.deepEqual((main.body.status as Json).addresses, status.addresses);
    assert.deepEqual(await watcher.take(2), [`MODIFIED ${name}`, `MODIFIED ${name}`]);
    await client.delete(`/api/v1/nodes/${name}`);
    assert.deepEqual(await watcher.take(1), [`DELETED ${name}`]);
    watcher.close();
  });

  it('a Secret: stringData becomes data', async () => {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key' }, stringData: { a: 'b' } };
    const made = await site().client.make(site().core('secrets'), secret);
    assert.deepEqual([made.data, made.type, made.stringData], [{ a: 'Yg==' }, 'Opaque', undefined]);
  });

  it('a SelfSubjectReview says who asks', async () => {
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const { status } = await site().client.make(path, body);
    const { userInfo } = status as { userInfo: { username: string; groups: string[] } };
    assert.ok(userInfo.username !== '');
    assert.ok(userInfo.groups.includes('system:authenticated'));
    assert.equal((await site().client.get(path)).code, 405);
  });

  it('a SelfSubjectAccessReview allows the administrator everything', async () => {
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    const spec = { resourceAttributes: { verb: 'list', resource: 'services' } };
    const made = await site().client.make(path, {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec,
    });
    assert.equal((made.status as Json).allowed, true);
  });

  it('health and version', async () => {
    for (const path of ['/healthz', '/livez', '/readyz']) {
      const { code, text } = await site().client.get(path);
      assert.deepEqual([code, text], [200, 'ok'], path);
    }
    const { body } = await site().client.get('/version');
    assert.deepEqual([body.major, body.minor, body.gitVersion], ['1', '34', 'v1.34.4']);
  });
}
