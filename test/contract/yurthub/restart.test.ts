import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Json } from '../api-server/client.ts';
import { balancer, configMap } from '../api-server/site.ts';
import { HubSite, namesOf, scaled } from './hub-site.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const NODES = '/api/v1/nodes';
const SERVICES = '/api/v1/services';
const SLICES = '/apis/discovery.k8s.io/v1/endpointslices';
const OURS = { labelSelector: 'pool=hangzhou' };
const inDefault = (o: Json): Json => ({ ...o, metadata: { ...(o.metadata as Json), namespace: 'default' } });

const names = async (site: HubSite, path: string): Promise<string[]> => namesOf(await site.getUntilThere(path));

describe('YurtHub, restarted', function () {
  this.timeout(60_000);
  let site: HubSite;
  beforeEach(async () => {
    site = await HubSite.start();
    site.api.create(inDefault(balancer('web')));
    site.api.create(inDefault(configMap('ours', { pool: 'hangzhou' })));
    site.api.create(inDefault(configMap('other')));
    assert.deepEqual(namesOf(await site.get(MAPS, { query: OURS })), ['ours']);
    assert.deepEqual(await names(site, NODES), []);
    await names(site, SLICES);
    while (!(await names(site, SERVICES)).includes('web')) await new Promise((resolve) => setTimeout(resolve, 5));
  });
  afterEach(() => site.stop());

  it('online: refused, then 503 "resources needed by filters are not synced" to 1.25 s, then 200', async () => {
    await site.hub.stop();
    await assert.rejects(site.get(NODES));
    const startMs = performance.now();
    await site.hub.start();
    assert.ok(performance.now() - startMs >= scaled(0.2) - 2, 'port closed for 0.2 s');
    const early = await site.get(NODES);
    if (!site.hub.isReady) {
      assert.equal(early.code, 503);
      assert.equal(early.body.message, 'resources needed by filters are not synced');
    }
    await site.hub.ready();
    assert.ok(performance.now() - startMs >= scaled(1.25) - 2);
    assert.equal((await site.get(NODES)).code, 200);
  });

  it('offline, cache kept: the first request hangs 9.3 s, 503 to 10.6 s, then all from disk', async () => {
    await site.goOffline();
    const startMs = performance.now();
    await site.hub.restart();
    const first = await site.get(NODES);
    assert.ok(performance.now() - startMs >= scaled(9.3) - 2);
    assert.equal(first.code, site.hub.isReady ? 200 : 503);
    await site.hub.ready();
    assert.ok(performance.now() - startMs >= scaled(10.6) - 2);
    assert.equal(site.hub.health, 'offline');
    assert.equal((await site.get('/healthz')).code, 400, '/healthz also after a hub restart offline');
    assert.deepEqual(await names(site, SERVICES), ['kubernetes', 'web']);
    assert.deepEqual(await names(site, SLICES), []);
    assert.deepEqual(await names(site, NODES), [], 'empty list, also after a hub restart');
  });

  it('offline: the first shape asked wins, with what lies on the disk; the right one is then 400', async () => {
    await site.goOffline();
    await site.hub.restart();
    await site.hub.ready();
    assert.deepEqual(await names(site, MAPS), ['ours'], 'without a selector: 200 with the labelled objects only');
    assert.equal((await site.get(MAPS, { query: OURS })).code, 400);
    await site.hub.restart();
    await site.hub.ready();
    assert.equal((await site.get(MAPS, { query: OURS })).code, 200, 'until the next restart');
  });

  it('offline, cache wiped: 503 for everything, services too, until the link is back', async () => {
    await site.goOffline();
    await site.hub.restart({ wipe: true });
    await site.hub.until('offline');
    for (const path of [NODES, SERVICES, '/version', '/healthz']) {
      const { code, body } = await site.get(path);
      assert.deepEqual([code, body.message], [503, 'yurt-hub-cfg configmap is not synced'], path);
    }
    site.link.restore();
    await site.hub.ready();
    assert.deepEqual(await names(site, SERVICES), ['kubernetes', 'web']);
  });

  it('wiped while it runs: the memory stays, the disk says 404', async () => {
    await site.goOffline();
    site.hub.wipe();
    assert.deepEqual(await names(site, SERVICES), ['kubernetes', 'web']);
    assert.equal((await site.get(NODES)).code, 404);
  });

  it('a hub that is killed hangs up on its clients', async () => {
    const watch = await site.watch(NODES);
    await site.hub.stop();
    assert.equal(await watch.nextOrEnd(), undefined);
  });

  it('agent added while the hub runs: effective at once', async () => {
    assert.equal((await site.get(NODES, { agent: 'third/1' })).code, 200);
    site.hub.setCacheAgents(['third', 'yurtlb-speaker']);
    assert.equal((await site.get(MAPS, { agent: 'third/1' })).code, 200);
    await site.goOffline();
    assert.equal((await site.get(MAPS, { agent: 'third/1' })).code, 200);
    assert.equal((await site.get(NODES, { agent: 'third/1' })).code, 404, 'listed before it was added');
  });
});

describe('YurtHub, refused online', () => {
  it('a 403 online is a 404 offline', async () => {
    const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Forbidden', code: 403 };
    const cloud = createServer((_, response) => {
      response.writeHead(403, { 'Content-Type': 'application/json' }).end(JSON.stringify(status));
    });
    await new Promise<void>((resolve) => cloud.listen(0, '127.0.0.1', resolve));
    const { port } = cloud.address() as AddressInfo;
    const site = await HubSite.start({ upstream: `http://127.0.0.1:${port}`, refusedNoticeS: 0 });
    try {
      assert.equal((await site.get(MAPS)).code, 403);
      cloud.closeAllConnections();
      cloud.close();
      await site.hub.until('offline');
      assert.equal((await site.get(MAPS)).code, 404);
    } finally {
      cloud.close();
      await site.stop();
    }
  });
});
