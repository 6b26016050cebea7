import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Answer, Json } from '../api-server/client.ts';
import { balancer, configMap } from '../api-server/site.ts';
import { CACHED, type HubAsk, HubSite, namesOf, STRANGER } from './hub-site.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const NODES = '/api/v1/nodes';
const SERVICE = '/api/v1/namespaces/default/services/web';
const POOLS = '/apis/apps.openyurt.io/v1beta2/nodepools';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
const EVENTS = '/api/v1/namespaces/default/events';
const REVIEWS = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const OURS = { labelSelector: 'pool=hangzhou' };

const lease = (holder: string, metadata: Json = {}): Json => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'leader', ...metadata },
  spec: { holderIdentity: holder },
});
const event: Json = {
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'kept-on-disk' },
  involvedObject: { kind: 'Node', name: 'a', namespace: 'default' },
  reason: 'Test',
};
const REVIEW = {
  apiVersion: 'authentication.k8s.io/v1',
  kind: 'SelfSubjectReview',
  metadata: { creationTimestamp: null },
};
const STREAMING = { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: 'true' };
const PARTIAL = { Accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json' };
const mergePatch = { 'Content-Type': 'application/merge-patch+json' };

interface Row {
  /** as shared observations of the real hub say it */
  fact: string;
  ask: readonly [method: string, path: string, ask?: HubAsk];
  code: number;
  also?: (answer: Answer, site: HubSite) => void;
}

const rows: Row[] = [
  { fact: 'through 10261, GET /healthz: 400 offline', ask: ['GET', '/healthz'], code: 400 },
  {
    fact: 'GET /version from the cache',
    ask: ['GET', '/version'],
    code: 200,
    also: ({ body }) => assert.ok(body.major),
  },
  {
    fact: '/apis/discovery.k8s.io/v1 is kept',
    ask: ['GET', '/apis/discovery.k8s.io/v1'],
    code: 200,
    also: ({ body }) => assert.equal(body.kind, 'APIResourceList'),
  },
  { fact: 'group discovery 400', ask: ['GET', '/apis/apps.openyurt.io/v1beta2'], code: 400 },
  { fact: 'cold discovery: /api 400', ask: ['GET', '/api'], code: 400 },
  {
    fact: 'list with the one shape: what is on disk, an object fetched by get joins it',
    ask: ['GET', MAPS, { query: OURS }],
    code: 200,
    also: (a) => assert.deepEqual(namesOf(a), ['pool-hangzhou', 'pool-other']),
  },
  {
    fact: 'resourceVersion of an offline list: the highest among the items',
    ask: ['GET', MAPS, { query: OURS }],
    code: 200,
    also: ({ body }, { api }) => {
      const versions = api.objects('configmaps').map((o) => Number(o.metadata.resourceVersion));
      assert.equal(Number(body.metadata.resourceVersion), Math.max(...versions));
      assert.deepEqual([body.kind, body.apiVersion], ['ConfigMapList', 'v1']);
    },
  },
  { fact: 'second list shape (no selector): 400', ask: ['GET', MAPS], code: 400 },
  { fact: 'second list shape (all namespaces): 400', ask: ['GET', '/api/v1/configmaps'], code: 400 },
  {
    fact: 'empty list, seen empty online: 200 with 0 items, metadata without resourceVersion',
    ask: ['GET', LEASES],
    code: 200,
    also: ({ body }) => assert.deepEqual([body.kind, body.metadata, body.items], ['LeaseList', {}, []]),
  },
  {
    fact: 'never listed by this agent: 404 with an empty name',
    ask: ['GET', '/api/v1/namespaces/default/secrets'],
    code: 404,
    also: ({ body }) => assert.equal(body.message, 'secrets "" not found'),
  },
  {
    fact: 'custom resources: listed once online, listed offline',
    ask: ['GET', POOLS],
    code: 200,
    also: (a) => assert.deepEqual([a.body.kind, namesOf(a)], ['NodePoolList', ['hangzhou']]),
  },
  {
    fact: 'custom resources: v1beta1 apart',
    ask: ['GET', '/apis/apps.openyurt.io/v1beta1/nodepools'],
    code: 404,
  },
  {
    fact: 'a streaming list online fills the disk cache: a later offline list is right',
    ask: ['GET', NODES, { agent: 'second/1' }],
    code: 200,
    also: (a) => assert.deepEqual([a.body.kind, namesOf(a)], ['NodeList', ['a']]),
  },
  {
    fact: 'PartialObjectMetadata requests are kept under a component name of their own',
    ask: ['GET', POOLS, { headers: PARTIAL }],
    code: 200,
    also: (a, { dir }) => {
      assert.deepEqual([a.body.kind, namesOf(a)], ['PartialObjectMetadataList', ['hangzhou']]);
      const component = 'yurtlb-speaker.partialobjectmetadatas.v1.meta.k8s.io';
      assert.ok(existsSync(join(dir, 'cache', component, 'nodepools.v1beta2.apps.openyurt.io/hangzhou')));
    },
  },
  { fact: 'get of what was listed: 200', ask: ['GET', `${NODES}/a`], code: 200 },
  { fact: 'get of a service, cached agent: 200', ask: ['GET', SERVICE], code: 200 },
  { fact: 'get of a service, uncached agent: 400', ask: ['GET', SERVICE, { agent: STRANGER }], code: 400 },
  {
    fact: 'get of an object never fetched by this agent: 404',
    ask: ['GET', SERVICE, { agent: 'second/1' }],
    code: 404,
  },
  { fact: 'without a User-Agent nothing is kept', ask: ['GET', NODES, { agent: '' }], code: 400 },
  {
    fact: 'agent with a capital in cache_agents never matches',
    ask: ['GET', NODES, { agent: 'Mixed-Case/1' }],
    code: 400,
  },
  { fact: 'a capital in the User-Agent does', ask: ['GET', NODES, { agent: 'YurtLB-Speaker/9' }], code: 200 },
  { fact: 'bad token online 401, offline 200', ask: ['GET', NODES, { token: 'rubbish' }], code: 200 },
  { fact: 'no token, likewise', ask: ['GET', NODES, { token: '' }], code: 200 },
  {
    fact: 'create: 201, body echoed, no uid, no resourceVersion',
    ask: ['POST', LEASES, { body: lease('b', { name: 'new' }) }],
    code: 201,
    also: ({ body }) => assert.deepEqual(body, lease('b', { name: 'new' })),
  },
  { fact: 'get of the lease that was created: 404', ask: ['GET', `${LEASES}/new`], code: 404 },
  { fact: 'create by any agent: 201', ask: ['POST', LEASES, { body: lease('b'), agent: STRANGER }], code: 201 },
  {
    fact: 'SelfSubjectReview: 201 without status.userInfo, also with a bad token',
    ask: ['POST', REVIEWS, { body: REVIEW, token: 'rubbish' }],
    code: 201,
    also: ({ body }) => assert.deepEqual(body, REVIEW),
  },
  {
    fact: "an event lies in the agent's disk cache",
    ask: ['POST', EVENTS, { body: event }],
    code: 201,
    also: (_, { dir }) => assert.ok(existsSync(join(dir, 'cache/yurtlb-speaker/events.v1.core/default/kept-on-disk'))),
  },
  {
    fact: 'PUT: 200 with the old object, a stale resourceVersion too',
    ask: ['PUT', `${MAPS}/pool-hangzhou`, { body: { ...configMap('pool-hangzhou', {}, { a: '2' }) } }],
    code: 200,
    also: ({ body }) => assert.deepEqual(body.data, { a: '1' }),
  },
  {
    fact: 'patch the same',
    ask: ['PATCH', `${MAPS}/pool-hangzhou`, { body: { data: { a: '3' } }, headers: mergePatch }],
    code: 200,
    also: ({ body }) => assert.deepEqual(body.data, { a: '1' }),
  },
  {
    fact: 'PUT of an uncached agent: 400',
    ask: ['PUT', `${MAPS}/pool-hangzhou`, { body: {}, agent: STRANGER }],
    code: 400,
  },
  {
    fact: 'patch of service status: 200, old object',
    ask: ['PATCH', `${SERVICE}/status`, { body: { status: {} }, headers: mergePatch }],
    code: 200,
    also: ({ body }) => assert.equal(body.metadata.name, 'web'),
  },
  {
    fact: 'delete: 403 "delete request is not supported in local cache"',
    ask: ['DELETE', `${MAPS}/pool-hangzhou`],
    code: 403,
    also: ({ body }) => assert.equal(body.message, 'delete request is not supported in local cache'),
  },
];

describe('YurtHub, offline', function () {
  this.timeout(60_000);
  let site: HubSite;

  before(async () => {
    site = await HubSite.start();
    const { api } = site;
    const inDefault = (o: Json): Json => ({ ...o, metadata: { ...(o.metadata as Json), namespace: 'default' } });
    api.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' } });
    api.create({ apiVersion: 'apps.openyurt.io/v1beta2', kind: 'NodePool', metadata: { name: 'hangzhou' } });
    api.create(inDefault(balancer('web')));
    api.create(inDefault(configMap('pool-hangzhou', { pool: 'hangzhou' })));
    api.create(inDefault(configMap('pool-other', { pool: 'other' })));
    const online: [string, HubAsk?][] = [
      ...['/version', '/apis/discovery.k8s.io/v1', '/api', '/healthz', NODES, POOLS, LEASES, SERVICE].map(
        (path): [string] => [path],
      ),
      [MAPS, { query: OURS }],
      [`${MAPS}/pool-other`],
      [MAPS],
      [NODES, { agent: 'Mixed-Case/1' }],
      [NODES, { agent: STRANGER }],
      [NODES, { token: '' }],
      [POOLS, { headers: PARTIAL }],
    ];
    for (const [path, ask] of online) await site.getUntilThere(path, ask);
    assert.deepEqual(namesOf(await site.get(MAPS, { query: OURS })), ['pool-hangzhou'], 'a list throws strangers out');
    assert.equal((await site.get(`${MAPS}/pool-other`)).code, 200);
    assert.equal((await site.get(NODES, { token: 'rubbish' })).code, 401);
    const stream = await site.watch(NODES, STREAMING, 'second/1');
    assert.deepEqual(
      [await stream.next(), await stream.next()].map((e) => e.type),
      ['ADDED', 'BOOKMARK'],
    );
    stream.close();
    const { body } = await site.ask('POST', REVIEWS, { body: REVIEW });
    assert.ok((body.status as Json).userInfo, 'online the API answers');
    await site.goOffline();
  });
  after(() => site.stop());

  for (const { fact, ask, code, also } of rows) {
    it(fact, async () => {
      const answer = await site.ask(...ask);
      assert.equal(answer.code, code, answer.text);
      also?.(answer, site);
    });
  }

  for (const streaming of [false, true]) {
    const more = streaming ? STREAMING : {};
    it(`watch${streaming ? ' as a streaming list' : ''}: 200 and silence, EOF at timeoutSeconds`, async () => {
      const startMs = performance.now();
      const watch = await site.watch(NODES, { timeoutSeconds: '1', resourceVersion: '1', ...more }, STRANGER);
      assert.equal(watch.code, 200);
      assert.equal(await watch.nextOrEnd(), undefined);
      assert.ok(performance.now() - startMs >= 990);
    });
  }

  it('back: watches opened offline end, and nothing of what was written reaches the cloud', async () => {
    const watch = await site.watch(NODES, { resourceVersion: '1' }, CACHED);
    site.link.restore();
    assert.equal(await watch.nextOrEnd(), undefined);
    assert.equal(site.hub.health, 'online', 'not before the hub trusts the cloud');
    assert.equal((await site.get('/healthz')).text, 'ok');
    assert.deepEqual(site.api.objects('leases.coordination.k8s.io'), []);
    assert.deepEqual(site.api.objects('events'), []);
    assert.deepEqual((await site.get(`${MAPS}/pool-hangzhou`)).body.data, { a: '1' });
  });
});
