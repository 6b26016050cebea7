import { strict as assert } from 'node:assert';
import { answerers, outages } from '../support/netns/arp-client.ts';
import { needSites } from '../support/netns/suite.ts';
import { SpeakerSite } from './speaker-site.ts';

const NODES = ['a', 'b', 'c'];
const VIP = '192.168.10.240';
/** Shorter pauses are the asker's own on a busy machine; an address that changes hands badly is silent for longer. */
const PAUSE_MS = 300;

describe('a site of three speakers', function () {
  this.timeout(20_000);
  let site: SpeakerSite;
  let owner = '';

  before(async function () {
    needSites(this);
    site = await SpeakerSite.create(NODES);
    site.startAll();
  });
  after(() => site?.close());
  afterEach(function () {
    if (this.currentTest?.state !== 'failed') return;
    for (const node of NODES) console.error(`--- ${node}\n${site.logOf(node).split('\n').slice(-25).join('\n')}`);
  });

  const others = () => NODES.filter((node) => node !== owner);

  it('answers for a Service that gets its address, with one MAC', async () => {
    const asker = await site.ask([VIP]);
    await site.addService('web', VIP);
    await asker.answer(VIP);
    // The node that hears of the Service first may have it until the best one has heard too.
    await site.until('agreement', 'a', () => {
      const [first, ...more] = NODES.map((node) => site.state(node)?.addresses[0]?.owner ?? undefined);
      owner = first ?? '';
      return owner !== '' && more.every((other) => other === owner);
    });
    const agreedMs = Date.now();
    await asker.answer(VIP, { sinceMs: agreedMs });
    const macs = answerers(
      (await asker.stop()).filter(({ atMs }) => atMs > agreedMs),
      VIP,
    ).map(({ mac }) => mac);
    assert.deepEqual(
      macs.map((mac) => site.nodeOfMac(mac)),
      [owner],
    );
  });

  it('another one answers when the announcer is killed', async () => {
    const asker = await site.ask([VIP]);
    await asker.answer(VIP);
    const dead = owner;
    const killedMs = Date.now();
    await site.stopSpeaker(dead, 'SIGKILL');
    const notDead = (line: { kind: string; atMs: number; mac?: string }) =>
      line.kind === 'answer' && site.nodeOfMac(line.mac ?? '') !== dead;
    const answer = await asker.until('an answer of another node', notDead, { sinceMs: killedMs });
    owner = 'mac' in answer ? site.nodeOfMac(answer.mac) : '';
    assert.ok(others().includes(dead));
    const [outage] = outages(await asker.stop(), PAUSE_MS);
    assert.ok((outage?.ms ?? 0) < 1000, `outage of ${outage?.ms} ms`);
    site.startSpeaker(dead);
    await site.until(
      `${dead} is back`,
      dead,
      ({ members }) => members.filter(({ state }) => state === 'alive').length === 2,
    );
  });

  it('goes on when the cloud is cut, and says that it is', async () => {
    const asker = await site.ask([VIP]);
    const before = await asker.answer(VIP);
    owner = site.nodeOfMac(before.mac);
    site.cutCloud();
    for (const node of NODES)
      await site.until(`${node} is offline`, node, ({ cloud }) => cloud.state === 'offline', 20_000);
    const log = await asker.stop();
    assert.deepEqual(outages(log, PAUSE_MS), []);
    assert.equal(answerers(log, VIP).length, 1);
  });

  it('a speaker restarted while cut answers from its cache', async () => {
    for (const node of NODES) await site.stopSpeaker(node, 'SIGKILL');
    const asker = await site.ask([VIP]);
    const startedMs = site.startSpeaker('b');
    const answer = await asker.answer(VIP, { sinceMs: startedMs });
    assert.equal(site.nodeOfMac(answer.mac), 'b');
    assert.ok(answer.atMs - startedMs < 5_000, `answered after ${answer.atMs - startedMs} ms`);
    console.log(`    cold start to first answer: ${Math.round(answer.atMs - startedMs)} ms`);
    await asker.stop();
  });

  it('all of them restarted while cut agree on one, and take over from it', async () => {
    site.startSpeaker('a');
    site.startSpeaker('c');
    for (const node of NODES) {
      await site.until(
        `${node} sees the pool`,
        node,
        ({ members }) => members.filter(({ state }) => state === 'alive').length === 2,
      );
    }
    const { addresses } = await site.until('an owner', 'a', (state) => state.addresses[0]?.owner !== null);
    owner = addresses[0]?.owner ?? '';
    const asker = await site.ask([VIP]);
    const before = await asker.answer(VIP);
    const killedMs = Date.now();
    await site.stopSpeaker(owner, 'SIGKILL');
    const changed = (line: { kind: string; mac?: string }) => line.kind === 'answer' && line.mac !== before.mac;
    await asker.until('an answer of another node', changed, { sinceMs: killedMs });
    const [outage] = outages(await asker.stop(), PAUSE_MS);
    assert.ok((outage?.ms ?? 0) < 1000, `outage of ${outage?.ms} ms`);
    site.startSpeaker(owner);
    await site.until(
      `${owner} is back`,
      owner,
      ({ members }) => members.filter(({ state }) => state === 'alive').length === 2,
    );
  });

  it('nothing flaps when the cloud comes back, and news arrive', async () => {
    const asker = await site.ask([VIP, '192.168.10.241']);
    await asker.answer(VIP);
    site.restoreCloud();
    for (const node of NODES)
      await site.until(`${node} is online`, node, ({ cloud }) => cloud.state === 'connected', 20_000);
    await site.addService('api', '192.168.10.241');
    await asker.answer('192.168.10.241');
    const log = await asker.stop();
    assert.deepEqual(outages(log, PAUSE_MS), []);
    assert.equal(answerers(log, VIP).length, 1);
  });

  it('an address that the cloud takes away falls silent', async () => {
    const asker = await site.ask(['192.168.10.241']);
    await asker.answer('192.168.10.241');
    await site.api('DELETE', '/api/v1/namespaces/default/services/api');
    for (const node of NODES) {
      await site.until(`${node} forgot it`, node, ({ addresses }) => addresses.every(({ address }) => address === VIP));
    }
    const silentMs = Date.now();
    const late = (await asker.stop()).filter(({ kind, atMs }) => kind === 'answer' && atMs > silentMs);
    assert.deepEqual(late, []);
  });

  it('SIGTERM hands over and ends with 0 within two seconds', async () => {
    const asker = await site.ask([VIP]);
    const before = await asker.answer(VIP);
    owner = site.nodeOfMac(before.mac);
    const signalledMs = Date.now();
    assert.equal(await site.stopSpeaker(owner, 'SIGTERM'), 0);
    assert.ok(Date.now() - signalledMs < 2_000);
    await asker.until('the successor', (line) => line.kind === 'answer' && line.mac !== before.mac);
    assert.deepEqual(outages(await asker.stop(), PAUSE_MS), []);
  });
});
