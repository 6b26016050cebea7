import assert from 'node:assert/strict';
import type { Answer, Json } from '../api-server/client.ts';
import { balancer } from '../api-server/site.ts';
import { type HubAsk, HubSite, namesOf } from './hub-site.ts';

const SERVICES = '/api/v1/services';
const HERE = '/api/v1/namespaces/default/services';
const SLICES = '/apis/discovery.k8s.io/v1/endpointslices';
const TABLE = { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
const ALL = ['kubernetes', 'shop', 'web'];

interface Row {
  fact: string;
  path: string;
  ask?: HubAsk;
  names: string[];
  also?: (answer: Answer) => void;
}

const rows: Row[] = [
  { fact: 'any agent', path: SERVICES, ask: { agent: 'curl/8' }, names: ALL },
  { fact: 'no agent', path: SERVICES, ask: { agent: '' }, names: ALL },
  { fact: 'label selector applied', path: SERVICES, ask: { query: { labelSelector: 'app=shop' } }, names: ['shop'] },
  { fact: 'namespace applied', path: '/api/v1/namespaces/other/services', names: [] },
  {
    fact: 'fieldSelector=spec.type=LoadBalancer works',
    path: SERVICES,
    ask: { query: { fieldSelector: 'spec.type=LoadBalancer' } },
    names: ['shop', 'web'],
  },
  {
    fact: 'fieldSelector=metadata.name over all namespaces: 200 with no items (wrong)',
    path: SERVICES,
    ask: { query: { fieldSelector: 'metadata.name=web' } },
    names: [],
  },
  {
    fact: 'in the namespace path it is right',
    path: HERE,
    ask: { query: { fieldSelector: 'metadata.name=web' } },
    names: ['web'],
  },
  {
    fact: 'limit=1 gives all, no continue',
    path: SERVICES,
    ask: { query: { limit: '1' } },
    names: ALL,
    also: ({ body }) => assert.equal(body.metadata.continue, undefined),
  },
  { fact: 'a rubbish token gets 200 with all services', path: SERVICES, ask: { token: 'rubbish' }, names: ALL },
  { fact: 'no token', path: SERVICES, ask: { token: '' }, names: ALL },
  {
    fact: 'endpointslices likewise',
    path: SLICES,
    ask: { query: { labelSelector: 'kubernetes.io/service-name=web' } },
    names: ['web-1'],
    also: ({ body }) => assert.deepEqual([body.kind, body.apiVersion], ['EndpointSliceList', 'discovery.k8s.io/v1']),
  },
];

const named = (o: Json, app: string): Json => ({
  ...o,
  metadata: { ...(o.metadata as Json), namespace: 'default', labels: { app } },
});
const slice = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  endpoints: [],
  ports: [],
};

describe('YurtHub, the multiplexer', function () {
  this.timeout(60_000);
  let site: HubSite;
  let firstSlices: Answer;
  let firstServices: Answer;

  before(async () => {
    site = await HubSite.start({ cacheAgents: [] });
    for (const name of ['web', 'shop']) site.api.create(named(balancer(name), name));
    site.api.create(slice);
    firstServices = await site.get(SERVICES);
    firstSlices = await site.get(SLICES);
    while ((await site.get(SLICES)).code === 429) await new Promise((resolve) => setTimeout(resolve, 5));
    while (namesOf(await site.get(SERVICES)).length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  });
  after(() => site.stop());

  it('the first list after start: endpointslices 429 with Retry-After 1, services not', () => {
    assert.deepEqual([firstSlices.code, firstSlices.headers['retry-after']], [429, '1']);
    assert.equal(firstServices.code, 200);
  });

  for (const where of ['online', 'offline'] as const) {
    describe(where, () => {
      if (where === 'offline') before(() => site.goOffline());

      for (const { fact, path, ask, names, also } of rows) {
        it(fact, async () => {
          const answer = await site.get(path, ask);
          assert.equal(answer.code, 200, answer.text);
          assert.deepEqual(namesOf(answer), names);
          also?.(answer);
        });
      }

      it('watch with resourceVersion=0: ADDED for each, then open; selectors applied', async () => {
        const watch = await site.watch(SERVICES, { resourceVersion: '0' }, 'curl/8');
        assert.deepEqual(await watch.take(3), ['ADDED kubernetes', 'ADDED shop', 'ADDED web']);
        const one = await site.watch(SERVICES, { resourceVersion: '0', labelSelector: 'app=web', timeoutSeconds: '1' });
        assert.deepEqual(await one.take(1), ['ADDED web']);
        assert.equal(await one.nextOrEnd(), undefined, 'EOF at timeoutSeconds');
        watch.close();
      });

      it('streaming list: 200, one ERROR event, EOF', async () => {
        const query = { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' };
        const watch = await site.watch(SERVICES, query);
        const { type, object } = await watch.next();
        assert.deepEqual([watch.code, type], [200, 'ERROR']);
        assert.equal(object.message, 'required storage feature RequestWatchProgress is disabled');
        assert.equal(await watch.nextOrEnd(), undefined);
      });

      it('kubectl get svc: columns NAME CREATED AT, no type, no address', async () => {
        const { body } = await site.get(SERVICES, { headers: TABLE, agent: 'kubectl/1' });
        const columns = body.columnDefinitions as { name: string }[];
        assert.deepEqual(
          columns.map((c) => c.name),
          ['Name', 'Created At'],
        );
        assert.equal((body.rows as unknown[]).length, 3);
      });
    });
  }

  it('staleness online: an event reaches the client at once; a watch that begins too far back gets 410', async () => {
    const watch = await site.watch(HERE, { resourceVersion: '0', fieldSelector: 'metadata.name=web' });
    assert.deepEqual(await watch.take(1), ['ADDED web']);
    await site.cloud().patch(`${HERE}/web`, 'merge', { metadata: { labels: { fresh: 'yes' } } });
    assert.deepEqual(await watch.take(1), ['MODIFIED web']);
    const old = await site.watch(SERVICES, { resourceVersion: '1' });
    assert.equal((await old.next()).object.code, 410);
    watch.close();
  });
});
