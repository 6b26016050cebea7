import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiServer, type ApiServerOptions } from '../support/api-server/api-server.ts';
import { openDefinition } from '../support/api-server/custom-resources.ts';
import type { FaultKind } from '../support/api-server/faults.ts';
import { kubeconfigText } from '../support/api-server/kubeconfig.ts';
import { Client } from './api-server/client.ts';
import { balancer, configMap } from './api-server/site.ts';
import { Watcher } from './api-server/watcher.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const SERVICES = '/api/v1/namespaces/default/services';

/** What only the in-process server does: faults on request, its log, time travel of revisions. */
describe('in-process API server', () => {
  const dir = mkdtempSync(join(tmpdir(), 'yurtlb-api-'));
  const started: ApiServer[] = [];
  const clients: Client[] = [];

  const start = async (options: ApiServerOptions = {}): Promise<ApiServer> => {
    const server = await ApiServer.start(options);
    started.push(server);
    return server;
  };
  const clientOf = (server: ApiServer, token?: string): Client => {
    const file = join(dir, `kubeconfig-${clients.length}`);
    writeFileSync(file, kubeconfigText(server.url, token));
    const client = Client.fromKubeconfig(file);
    clients.push(client);
    return client;
  };

  afterEach(async () => {
    for (const c of clients.splice(0)) c.close();
    for (const s of started.splice(0)) await s.stop();
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  it('answers with the code a fault asks for, so often and where it is asked', async () => {
    const server = await start();
    const client = clientOf(server);
    server.faults.set({ kind: 'error', code: 503 }, { times: 1, only: /^GET .*configmaps$/ });
    server.faults.set({ kind: 'too-many', retryAfterSeconds: 7 }, { times: 1, only: /^POST/ });
    assert.equal((await client.get(SERVICES)).code, 200);
    assert.equal((await client.get(MAPS)).code, 503);
    assert.equal((await client.get(MAPS)).code, 200);
    const busy = await client.post(MAPS, configMap('a'));
    assert.deepEqual([busy.code, busy.body.reason, busy.headers['retry-after']], [429, 'TooManyRequests', '7']);
    assert.equal((await client.post(MAPS, configMap('a'))).code, 201);
  });

  const broken: { name: string; fault: FaultKind }[] = [
    { name: 'hangs up', fault: { kind: 'hang-up' } },
    { name: 'cuts the answer short', fault: { kind: 'truncate' } },
  ];
  for (const { name, fault } of broken) {
    it(`${name} on request`, async () => {
      const server = await start();
      const client = clientOf(server);
      const clear = server.faults.set(fault);
      await assert.rejects(client.get(MAPS));
      clear();
      assert.equal((await client.get(MAPS)).code, 200);
    });
  }

  it('hangs until the faults are cleared', async () => {
    const server = await start();
    const client = clientOf(server);
    server.faults.set({ kind: 'hang' }, { times: 1 });
    const hanging = assert.rejects(client.get(MAPS));
    while (server.requests.matching(/configmaps/).length === 0) await new Promise(setImmediate);
    server.faults.clear();
    await hanging;
  });

  it('is slow on request', async () => {
    const server = await start();
    server.faults.set({ kind: 'delay', ms: 60 });
    await clientOf(server).get(MAPS);
    const [seen] = server.requests.all;
    assert.ok(seen !== undefined && seen.ms >= 55, String(seen?.ms));
  });

  it('refuses connections, then takes them again on the same port with all it knows', async () => {
    const server = await start();
    const client = clientOf(server);
    await client.make(MAPS, configMap('kept'));
    await server.refuseConnections();
    await assert.rejects(clientOf(server).get(MAPS), { code: 'ECONNREFUSED' });
    await server.acceptConnections();
    assert.equal((await clientOf(server).get(`${MAPS}/kept`)).code, 200);
  });

  it('drops all watches; tells the next one 410', async () => {
    const server = await start();
    const client = clientOf(server);
    const watches = [await Watcher.open(client, MAPS), await Watcher.open(client, SERVICES)];
    assert.equal(server.watches.count, 2);
    server.watches.drop();
    while ((await watches[0]?.nextOrEnd()) !== undefined);
    server.watches.expire(1);
    const expired = await Watcher.open(client, MAPS, { resourceVersion: String(server.store.revision) });
    assert.equal((await expired.next()).object.code, 410);
    const next = await Watcher.open(client, MAPS, { resourceVersion: String(server.store.revision) });
    await client.make(MAPS, configMap('after'));
    assert.deepEqual(await next.take(1), ['ADDED after']);
    next.close();
  });

  it('after a compaction old revisions are gone: watches get an ERROR event, pages HTTP 410', async () => {
    const server = await start();
    const client = clientOf(server);
    for (const name of ['a', 'b', 'c']) await client.make(MAPS, configMap(name));
    const { body } = await client.get(MAPS, { limit: '1' });
    await client.make(MAPS, configMap('d'));
    server.store.compact();
    const page = await client.get(MAPS, { limit: '1', continue: String(body.metadata.continue) });
    assert.deepEqual([page.code, page.body.reason], [410, 'Expired']);
    const exact = { resourceVersion: body.metadata.resourceVersion, resourceVersionMatch: 'Exact' };
    assert.equal((await client.get(MAPS, exact)).code, 410);
    const w = await Watcher.open(client, MAPS, { resourceVersion: body.metadata.resourceVersion });
    assert.deepEqual((await w.next()).type, 'ERROR');
    const recent = await Watcher.open(client, MAPS, { resourceVersion: String(server.store.revision) });
    assert.equal(recent.code, 200);
    recent.close();
  });

  it('keeps only so much history', async () => {
    const server = await start({ historyLimit: 10 });
    const client = clientOf(server);
    const first = await client.make(MAPS, configMap('a'));
    for (let i = 0; i < 30; i++) await client.patch(`${MAPS}/a`, 'merge', { data: { i: String(i) } });
    const w = await Watcher.open(client, MAPS, { resourceVersion: first.metadata.resourceVersion });
    assert.equal((await w.next()).object.code, 410);
  });

  it('knows who asks where tokens are given', async () => {
    const server = await start({
      tokens: { secret: { username: 'system:serviceaccount:a:b', groups: ['system:authenticated'] } },
    });
    const stranger = await clientOf(server).get(MAPS);
    assert.deepEqual([stranger.code, stranger.body.reason], [401, 'Unauthorized']);
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const { status } = await clientOf(server, 'secret').make(path, {});
    assert.deepEqual(status, { userInfo: { username: 'system:serviceaccount:a:b', groups: ['system:authenticated'] } });
  });

  it('logs what was asked, for tests that count writes', async () => {
    const server = await start();
    const client = clientOf(server);
    await client.make(SERVICES, balancer('web'));
    await client.patch(`${SERVICES}/web/status`, 'merge', {
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } },
    });
    const writes = server.requests.matching(/^PATCH .*\/services\/[^/]+\/status$/);
    assert.deepEqual(
      writes.map((r) => [r.code, r.userAgent]),
      [[200, 'yurtlb-contract']],
    );
  });

  it('takes definitions and objects in code', async () => {
    const names = { group: 'apps.openyurt.io', plural: 'nodepools', kind: 'NodePool', shortNames: ['np'] };
    const server = await start({ crds: [openDefinition(names, 'Cluster', ['v1beta1', 'v1beta2'])] });
    server.create({
      apiVersion: 'apps.openyurt.io/v1beta1',
      kind: 'NodePool',
      metadata: { name: 'hangzhou' },
      spec: { type: 'Edge' },
    });
    const { body } = await clientOf(server).get('/apis/apps.openyurt.io/v1beta2/nodepools/hangzhou');
    assert.deepEqual([body.apiVersion, body.spec], ['apps.openyurt.io/v1beta2', { type: 'Edge' }]);
    const status = { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } };
    const made = server.create({ ...balancer('web'), status });
    assert.deepEqual(made.status, { loadBalancer: { ingress: [{ ip: '192.0.2.1', ipMode: 'VIP' }] } });
    assert.equal(server.objects('services').length, 2, 'the one of the API server itself, and this');
  });

  it('gives Services addresses of both families where it has ranges of both', async () => {
    const server = await start({ serviceCidrs: ['10.96.0.0/16', 'fd00:96::/112'] });
    const { spec } = server.create(balancer('web', { ipFamilyPolicy: 'PreferDualStack' })) as {
      spec?: Record<string, unknown>;
    };
    assert.deepEqual(spec?.ipFamilies, ['IPv4', 'IPv6']);
    assert.deepEqual(spec?.clusterIPs, ['10.96.0.2', 'fd00:96::1']);
  });

  it('empties a namespace that is deleted, then lets it go', async () => {
    const server = await start();
    const client = clientOf(server);
    await client.make('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
    const maps = '/api/v1/namespaces/shop/configmaps';
    await client.make(maps, { ...configMap('held'), metadata: { name: 'held', finalizers: ['example.com/a'] } });
    await client.make(maps, configMap('free'));
    const { body } = await client.delete('/api/v1/namespaces/shop');
    assert.deepEqual(body.status, { phase: 'Terminating' });
    const late = await client.post(maps, configMap('late'));
    assert.deepEqual([late.code, late.body.reason], [403, 'Forbidden']);
    assert.equal((await client.get(`${maps}/free`)).code, 404);
    assert.equal((await client.get('/api/v1/namespaces/shop')).code, 200, 'a finalizer still holds it');
    await client.patch(`${maps}/held`, 'merge', { metadata: { finalizers: null } });
    assert.equal((await client.get('/api/v1/namespaces/shop')).code, 404);
  });
});
