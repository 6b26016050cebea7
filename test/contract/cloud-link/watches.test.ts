import { strict as assert } from 'node:assert';
import { CloudSite } from './cloud-site.ts';

const SERVICES = /^GET \/api\/v1\/services\?/;
const isWatch = (url = '') => url.includes('watch=');

describe('the cloud link: lists and watches', function () {
  this.timeout(60_000);
  let site: CloudSite;

  beforeEach(async () => {
    site = await CloudSite.start();
  });
  afterEach(() => site.stop());

  it('connections that a router forgot: what changes then is learned, and nothing is lost meanwhile', async () => {
    const node = await site.node({ silentMs: 16_000 });
    await node.until('a bookmark', () => node.speaker.view.services.highest > 0n);
    const offers = node.offers.length;
    site.road.forgetConnections();
    await site.changeMeanwhile();
    await node.until('the view equals the cloud', () => String(node.services) === String(site.services));
    await node.until('it is connected', () => node.link === 'connected');
    const last = node.offers.slice(offers);
    assert.ok(
      last.every((offer) => offer.length >= 2),
      JSON.stringify(last),
    );
  });

  it('a watch that had bookmarks and falls silent is listed anew, said once', async () => {
    const node = await site.node({ silentMs: 16_000 });
    let silenced = 0;
    // Each watch opened from now on has a head, and nothing more.
    site.odd.turn((request, response) => {
      if (!isWatch(request.url) || !request.url?.startsWith('/api/v1/services')) return false;
      response.writeHead(200, { 'Content-Type': 'application/json' });
      if (silenced++ === 0) response.write('{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"1"}}}\n');
      else response.flushHeaders();
      return true;
    });
    await node.until('the first silent watch', () => silenced === 1);
    site.give('late', '192.168.1.9');
    await node.until('it hears news', () => node.offered.includes('192.168.1.9'));
    await node.until('the second watch', () => silenced === 2);
    const said = node.lines.filter(({ msg, path }) => /fell silent/.test(msg) && /services/.test(String(path)));
    assert.equal(said.length, 1, JSON.stringify(node.lines));
  });

  for (const [name, line] of [
    ['an ERROR with 410', '{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}}'],
    ['a broken line', '{"type":"ADDED","object":{"metad'],
  ] as const) {
    it(`a watch with ${name} ends there, also where the server leaves it open, and the next list sets it right`, async () => {
      const node = await site.node();
      let spoiled = 0;
      site.odd.turn((request, response) => {
        if (!isWatch(request.url) || !request.url?.startsWith('/api/v1/services') || spoiled++ > 0) return false;
        response.writeHead(200, { 'Content-Type': 'application/json' }).write(`${line}\n`);
        return true;
      });
      await node.until('the bad watch', () => spoiled > 0);
      site.give('late', '192.168.1.9');
      await node.until('it hears news', () => node.offered.includes('192.168.1.9'));
      await node.until('it is connected', () => node.link === 'connected');
    });
  }

  it('429 with Retry-After is not asked again before its time', async () => {
    const node = await site.node();
    let refusedMs = 0;
    site.odd.turn((request, response) => {
      if (!request.url?.startsWith('/api/v1/services') || refusedMs > 0) return false;
      refusedMs = performance.now();
      response.writeHead(429, { 'Retry-After': '2', 'Content-Type': 'application/json' }).end('{"message":"later"}');
      return true;
    });
    await node.until('it was refused', () => refusedMs > 0);
    await node.until('it is asked again', () =>
      site.odd.asked.some(({ line, atMs }) => SERVICES.test(line) && atMs > refusedMs + 50),
    );
    const again = site.odd.asked.find(({ line, atMs }) => SERVICES.test(line) && atMs > refusedMs + 50);
    const waitedMs = (again?.atMs ?? 0) - refusedMs;
    // A machine that stood still for seconds has seen an outage, and its end lists anew.
    const stoodStill = node.turns.some(({ state, atMs }) => state === 'offline' && atMs > refusedMs);
    assert.ok(waitedMs >= 1_990 || stoodStill, `asked again after ${waitedMs} ms`);
    assert.deepEqual(node.services, site.services);
  });

  it('what is not certainly a whole list takes nothing away', async () => {
    const bad = [
      { type: 'application/json', body: '{"metadata":{"resourceVersion":"999999","continue":"x"},"items":[]}' },
      { type: 'text/html', body: '{"metadata":{"resourceVersion":"999999"},"items":[]}' },
    ];
    const node = await site.node();
    const offers = node.offers.length;
    let told = 0;
    site.odd.turn((request, response) => {
      if (!request.url?.startsWith('/api/v1/services') || told >= bad.length) return false;
      const { type, body } = bad[told++] ?? { type: '', body: '' };
      response.writeHead(200, { 'Content-Type': type }).end(body);
      return true;
    });
    site.give('late', '192.168.1.9');
    await node.until('it hears news', () => node.offered.includes('192.168.1.9'));
    assert.equal(told, bad.length);
    assert.ok(
      node.offers.slice(offers).every((offer) => offer.length >= 3),
      JSON.stringify(node.offers),
    );
  });

  it('where /healthz is closed to the speaker, the answer that names it is the proof', async () => {
    site.odd.turn((request, response) => {
      if (request.url !== '/healthz') return false;
      response.writeHead(403, { 'Content-Type': 'application/json' }).end('{"message":"forbidden"}');
      return true;
    });
    const node = await site.node();
    assert.equal(node.link, 'connected');
    // An echo that names nobody is none.
    const echoedMs = performance.now();
    site.odd.turnQuietly((request, response) => {
      if (request.method !== 'POST') {
        if (request.url !== '/healthz') return false;
        response.writeHead(403).end();
        return true;
      }
      response.writeHead(201, { 'Content-Type': 'application/json' }).end('{"kind":"SelfSubjectReview","status":{}}');
      return true;
    });
    await node.comesTo('offline', echoedMs);
  });
});
