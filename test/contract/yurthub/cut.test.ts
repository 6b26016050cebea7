import assert from 'node:assert/strict';
import type { Json } from '../api-server/client.ts';
import { balancer, configMap } from '../api-server/site.ts';
import type { Watcher } from '../api-server/watcher.ts';
import { CACHED, type HubAsk, HubSite, namesOf, STRANGER, scaled } from './hub-site.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const NODES = '/api/v1/nodes';
const SERVICES = '/api/v1/services';
const inDefault = (o: Json): Json => ({ ...o, metadata: { ...(o.metadata as Json), namespace: 'default' } });

/** What a request comes to, and when, in ms. A client that gives up has an agent of its own. */
interface Outcome {
  code: number | 'hung-up';
  afterMs: number;
  text: string;
}

async function outcomeOf(site: HubSite, method: string, path: string, ask: HubAsk = {}): Promise<Outcome> {
  const startMs = performance.now();
  try {
    const { code, text } = await site.ask(method, path, ask);
    return { code, text, afterMs: performance.now() - startMs };
  } catch {
    return { code: 'hung-up', text: '', afterMs: performance.now() - startMs };
  }
}

/** Lower bounds are the observed ones; upper bounds leave room for a machine that stands still. */
const STALL_MS = 4_000;

function assertWithin(what: string, ms: number, fromS: number, toS: number): void {
  assert.ok(
    ms >= scaled(fromS) - 5 && ms <= scaled(toS) + STALL_MS,
    `${what} after ${ms / scaled(1)} observed seconds`,
  );
}

async function prepared(options = {}): Promise<HubSite> {
  const site = await HubSite.start(options);
  site.api.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' } });
  site.api.create(inDefault(configMap('kept')));
  for (const name of ['web', 'shop']) site.api.create(inDefault(balancer(name)));
  for (const path of [NODES, MAPS, '/version', SERVICES]) await site.getUntilThere(path);
  return site;
}

const events = async (watch: Watcher, n: number): Promise<string[]> => {
  const got: string[] = [];
  for (let i = 0; i < n; i++) {
    const { type, object } = await watch.next();
    got.push(`${type} ${object.metadata.name}`);
  }
  return got;
};

describe('YurtHub, a silent cut', function () {
  this.timeout(60_000);
  let site: HubSite;
  beforeEach(async () => {
    site = await prepared();
  });
  afterEach(() => site.stop());

  it('notices after 15.7 to 24.5 s; what is in flight hangs to 45 s; watches end at 43 s, those of services never', async () => {
    const version = site.api.store.revision;
    const watches = [
      await site.watch(NODES, { resourceVersion: String(version) }),
      await site.watch(MAPS, { resourceVersion: String(version) }, STRANGER),
    ];
    const services = await site.watch(SERVICES, { resourceVersion: String(version) });
    const cutMs = performance.now();
    site.link.cut();
    const asked = {
      'cached list': outcomeOf(site, 'GET', MAPS),
      'cached get': outcomeOf(site, 'GET', `${NODES}/a`),
      'get by an uncached agent': outcomeOf(site, 'GET', `${NODES}/a`, { agent: STRANGER }),
      PUT: outcomeOf(site, 'PUT', `${MAPS}/kept`, { body: configMap('kept') }),
      POST: outcomeOf(site, 'POST', MAPS, { body: configMap('new') }),
      health: outcomeOf(site, 'GET', '/healthz'),
    };
    const ended = watches.map((w) => w.nextOrEnd().then((e) => ({ e, ms: performance.now() - cutMs })));

    const hangUp = await outcomeOf(site, 'GET', '/version');
    assert.equal(hangUp.code, 'hung-up', 'GET /version between cut and notice: closed without an answer after 2 s');
    assertWithin('/version', hangUp.afterMs, 2, 2);
    assert.equal(site.hub.health, 'online');

    await site.hub.until('offline');
    assertWithin('noticed', performance.now() - cutMs, 14.8, 25);
    assert.deepEqual(namesOf(await site.get(MAPS)), ['kept'], '200 from cache from the moment the hub notices');
    assert.equal((await site.get('/version')).code, 200, 'from the cache after that');

    // changes that the cut-off node learns of later
    await site.cloud().delete('/api/v1/namespaces/default/services/shop');
    const labels = { metadata: { labels: { changed: 'offline' } } };
    await site.cloud().patch('/api/v1/namespaces/default/services/web', 'merge', labels);

    for (const [what, outcome] of Object.entries(asked)) {
      const { code, afterMs, text } = await outcome;
      assertWithin(what, afterMs, 41, 45);
      const isKept = what.startsWith('cached');
      assert.deepEqual([code, text === ''], isKept ? [200, false] : [502, true], what);
    }
    for (const { e, ms } of await Promise.all(ended)) {
      assert.equal(e, undefined, 'a clean EOF');
      assertWithin('EOF of an ordinary watch', ms, 41, 45);
    }
    assert.equal(site.hub.health, 'offline', 'while still offline');
    assert.deepEqual(namesOf(await site.get(SERVICES)), ['kubernetes', 'shop', 'web'], 'as the hub last saw them');

    site.link.restore();
    const told = await events(services, 2);
    assert.deepEqual(told.sort(), ['DELETED shop', 'MODIFIED web']);
    await site.hub.until('online');
    assert.equal((await site.get('/healthz')).text, 'ok');
    services.close();
  });

  it('a cut of 21 s: all watches live on, changes come before the hub calls the cloud healthy', async () => {
    const version = String(site.api.store.revision);
    const nodes = await site.watch(NODES, { resourceVersion: version });
    const services = await site.watch(SERVICES, { resourceVersion: version });
    await site.goOffline();
    const label = { metadata: { labels: { changed: 'offline' } } };
    await site.cloud().patch(`${NODES}/a`, 'merge', label);
    await site.cloud().patch('/api/v1/namespaces/default/services/web', 'merge', label);
    site.link.restore();
    assert.deepEqual(await events(services, 1), ['MODIFIED web']);
    assert.deepEqual(await events(nodes, 1), ['MODIFIED a']);
    await site.hub.until('online');
    await site.cloud().patch(`${NODES}/a`, 'merge', { metadata: { labels: { changed: 'online' } } });
    assert.deepEqual(await events(nodes, 1), ['MODIFIED a'], 'no EOF in between');
    assert.equal((await site.get(`${NODES}/a`)).body.metadata.name, 'a');
    for (const watch of [nodes, services]) watch.close();
  });

  it('a client that gives up after 3 s and asks again: timeouts, then 200 from cache', async () => {
    site.link.cut();
    const codes: (number | 'gave-up')[] = [];
    while (codes.at(-1) !== 200) {
      const patience = new Promise<'gave-up'>((resolve) => setTimeout(() => resolve('gave-up'), scaled(3)));
      codes.push(await Promise.race([site.get(MAPS).then((a) => a.code), patience]));
    }
    assert.ok(codes.length > 3, codes.join());
    assert.deepEqual([...new Set(codes)], ['gave-up', 200]);
  });

  it('events by watch reach the cache', async () => {
    const watch = await site.watch(MAPS, { resourceVersion: String(site.api.store.revision) });
    site.api.create(inDefault(configMap('by-watch')));
    await site.cloud().delete(`${MAPS}/kept`);
    assert.deepEqual(await events(watch, 2), ['ADDED by-watch', 'DELETED kept']);
    site.api.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'unseen' } });
    await site.goOffline();
    assert.deepEqual(namesOf(await site.get(MAPS)), ['by-watch']);
    assert.deepEqual(namesOf(await site.get(NODES)), ['a'], 'a change without an open watch or new list does not');
    watch.close();
  });

  it('kubelet stops renewing (40 s): the hub calls the cloud unhealthy though it is there; writes are lost', async () => {
    const startMs = performance.now();
    site.hub.setKubelet(false);
    await site.hub.until('offline');
    assertWithin('unhealthy', performance.now() - startMs, 39.8, 50);
    assert.equal((await site.ask('POST', MAPS, { body: configMap('lost') })).code, 201);
    assert.equal((await site.cloud().get(`${MAPS}/lost`)).code, 404);
    site.hub.setKubelet(true);
    await site.hub.until('online');
  });

  it('node_yurthub_server_healthy_status is absent until the first change; /v1/readyz says OK both times', async () => {
    const admin = site.client('', site.hub.adminUrl);
    const line = /^node_yurthub_server_healthy_status\{server="http:.*"\} (\d)$/m;
    const seen = async () => [line.exec((await admin.get('/metrics')).text)?.[1], (await admin.get('/v1/readyz')).code];
    assert.deepEqual(await seen(), [undefined, 200]);
    await site.goOffline();
    assert.deepEqual(await seen(), ['0', 200]);
    site.link.restore();
    await site.hub.until('online');
    assert.deepEqual(await seen(), ['1', 200]);
  });
});

describe('YurtHub, an API server that refuses', function () {
  this.timeout(60_000);
  let site: HubSite;
  afterEach(() => site.stop());

  it('not yet aware: 502 in a moment, cached lists at once, watches EOF at the kill, services 429 until it notices', async () => {
    site = await prepared({ refusedNoticeS: 40, probePhaseS: 0 });
    await site.justAfterProbe();
    const version = String(site.api.store.revision);
    const nodes = await site.watch(NODES, { resourceVersion: version }, CACHED);
    const services = await site.watch(SERVICES, { resourceVersion: version }, CACHED);
    await site.api.refuseConnections();
    assert.equal(await nodes.nextOrEnd(), undefined);
    const cached = outcomeOf(site, 'GET', MAPS);
    const health = await outcomeOf(site, 'GET', '/healthz');
    assert.equal((await cached).code, 200);
    if (site.hub.health === 'online') assert.deepEqual([health.code, health.text], [502, '']);
    assert.equal(await services.nextOrEnd(), undefined, "client's services watch EOF 1.0 s after the kill");
    const busy = await site.get(SERVICES);
    if (site.hub.health === 'online') {
      assert.deepEqual([busy.code, busy.headers['retry-after'], busy.body.reason], [429, '1', 'TooManyRequests']);
    }
    await site.hub.until('offline');
    while ((await site.get(SERVICES)).code === 429) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(namesOf(await site.get(SERVICES)), ['kubernetes', 'shop', 'web'], 'then 200 from cache');
    await site.api.acceptConnections();
    await site.hub.until('online');
    assert.deepEqual(namesOf(await site.get(MAPS)), ['kept']);
  });

  it('aware at once: list 200 throughout, watch open, EOF after the hub is healthy again', async () => {
    site = await prepared({ refusedNoticeS: 0 });
    const services = await site.watch(SERVICES, { resourceVersion: String(site.api.store.revision) });
    const killedMs = performance.now();
    await site.api.refuseConnections();
    await site.hub.until('offline');
    assertWithin('noticed', performance.now() - killedMs, 0, 3.4);
    assert.deepEqual(namesOf(await site.get(SERVICES)), ['kubernetes', 'shop', 'web']);
    const end = services.nextOrEnd();
    await site.api.acceptConnections();
    assert.equal(await end, undefined);
    assert.equal(site.hub.health, 'online');
  });
});
