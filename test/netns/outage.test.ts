import { strict as assert } from 'node:assert';
import type { ServiceObject } from '@openyurt/nodepool-types';
import { waitUntil } from '../support/kube/wait-until.ts';
import { ArpClient, type ArpLine, answerers, outages } from '../support/netns/arp-client.ts';
import { needSites } from '../support/netns/suite.ts';
import { HubSite, type SpeakerEvent } from './hub-site.ts';
import type { State } from './speaker-words.ts';

const NODES = ['a', 'b', 'c'];
/** Whoever announces these announces them still when the cloud is back. */
const STEADY = ['web', 'till'];
/** Pods that started anew have other addresses: the speakers look for one whose endpoints live, so this one may move. */
const PROBED = 'menu';
const KEPT = [...STEADY, PROBED];
/** A kill is answered for in 20 ms, a hang in 350, and the longest gap is printed; the rest is what a busy machine adds. */
const FAILOVER_MS = 3_000;
/** Every speaker at once: a process starts, listens whether it is alone, and announces from its cache. */
const COLD_START_MS = 10_000;
/** On a quiet machine it is 1 to 2 s, and printed: this one may be busy. */
const RETURN_MS = 15_000;
const PATIENCE = { deadlineMs: 30_000, everyMs: 50 };

const isOffered = ({ offered }: State['addresses'][number]) => offered === true;

/**
 * What happens to a shop in an outage, on real processes and frames: three nodes, a YurtHub on each between the speaker and
 * the cloud, which is told by nobody that the cloud is away and lies as the real one does.
 */
describe('an outage of the cloud, with a YurtHub on each node', function () {
  this.timeout(60_000);
  let site: HubSite;
  let client: ArpClient;
  /** Service → its address. */
  const addresses = new Map<string, string>();
  let homes = new Map<string, string>();
  let cutMs = 0;
  let backMs = 0;

  before(async function () {
    needSites(this);
    site = await HubSite.create({ nodes: NODES, prefix: 'ylo' });
    for (const name of [...KEPT, 'gone']) await site.addService(name, { probed: name === PROBED });
    await site.start();
    for (const name of [...KEPT, 'gone']) addresses.set(name, await addressOf(name));
    client = await ArpClient.start(site.stage.site, site.clientNs, [...addresses.values()], { intervalMs: 5 });
    // Whoever has its list of endpoints only after the cut, from the hub's cache, offers then, and takes what is its own.
    for (const node of NODES)
      await site.until(
        `${node} offers all`,
        node,
        ({ addresses }) => addresses.filter(isOffered).length === KEPT.length + 1,
      );
    await settled(NODES);
  });
  after(async () => {
    await client?.stop();
    await site?.close();
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') console.error(await site.words(NODES));
  });

  const ip = (name: string) => addresses.get(name) ?? '';
  const addressOf = async (name: string): Promise<string> => {
    let found: string | undefined;
    const read = async () => {
      const path = `/api/v1/namespaces/default/services/${name}`;
      found = (await site.stage.cloud.get<ServiceObject>(path)).status?.loadBalancer?.ingress?.[0]?.ip;
      return found !== undefined;
    };
    await waitUntil(`an address for ${name}`, read, PATIENCE);
    return found ?? '';
  };
  const since = (fromMs: number): ArpLine[] =>
    client.log.filter((line) => line.kind === 'start' || line.atMs >= fromMs);
  const kept = () => KEPT.map(ip);
  /** No address that is kept was without an answer for so long; says how long it was. */
  function assertNoGap(fromMs: number, boundMs: number): void {
    const gaps = outages(since(fromMs), 0).filter(({ address }) => kept().includes(address));
    console.log(`      longest gap ${Math.round(Math.max(0, ...gaps.map(({ ms }) => ms)))} ms`);
    assert.deepEqual(
      gaps.filter(({ ms }) => ms >= boundMs),
      [],
    );
  }

  /** Every speaker has all others alive and ready (before that, who started first holds everything), and names the same owner for every address that is kept. */
  async function settled(nodes: readonly string[]): Promise<void> {
    const agreed = async () => {
      const states = await Promise.all(nodes.map((node) => site.state(node)));
      const told = states.map((state) =>
        kept().map((address) => state?.addresses.find((line) => line.address === address)?.owner ?? null),
      );
      const alive = states.every(
        (state) =>
          state?.members.filter((m) => m.state === 'alive' && m.standing === 'ready').length === nodes.length - 1,
      );
      if (!alive || told.some((owners) => owners.includes(null) || String(owners) !== String(told[0]))) return false;
      homes = new Map(KEPT.map((name, i) => [name, told[0]?.[i] ?? '']));
      return true;
    };
    await waitUntil('all members agree', agreed, { ...PATIENCE, everyMs: 200 });
    const nowMs = Date.now();
    for (const name of KEPT) await client.answer(ip(name), { sinceMs: nowMs, mac: site.macOf(homes.get(name) ?? '') });
  }

  it('the link is cut: nobody on the LAN notices', async () => {
    cutMs = Date.now();
    site.cutCloud();
    for (const node of NODES) await site.until(`${node} is offline`, node, ({ cloud }) => cloud.state === 'offline');
    await client.answer(ip('web'), { sinceMs: Date.now() });
    assertNoGap(cutMs, FAILOVER_MS);
    if (site.stage.stalls(cutMs).length === 0)
      for (const name of KEPT) assert.equal(answerers(since(cutMs), ip(name)).length, 1, name);
  });

  it('meanwhile in the cloud a Service is deleted and one is made', async () => {
    await site.removeService('gone');
    await site.addService('new', { port: 81 });
    addresses.set('new', await addressOf('new'));
  });

  it('the speaker that announces is killed: another takes over', async () => {
    const owner = homes.get('web') ?? '';
    const killedMs = Date.now();
    await site.stage.stopSpeaker(owner, 'SIGKILL');
    await client.until(
      'another answer',
      (line) => line.kind === 'answer' && line.address === ip('web') && line.mac !== site.macOf(owner),
      { sinceMs: killedMs },
    );
    await site.startSpeaker(owner);
    await settled(NODES);
    assertNoGap(killedMs, FAILOVER_MS);
  });

  it('every speaker is killed and started again: they answer from their caches', async () => {
    const killedMs = Date.now();
    await Promise.all(NODES.map((node) => site.stage.stopSpeaker(node, 'SIGKILL')));
    await Promise.all(NODES.map((node) => site.startSpeaker(node)));
    for (const name of [...KEPT, 'gone']) await client.answer(ip(name), { sinceMs: Date.now() });
    await settled(NODES);
    assertNoGap(killedMs, COLD_START_MS);
  });

  for (const [i, node] of NODES.entries()) {
    const hub = i === 0 ? 'its YurtHub has lost its cache' : 'its YurtHub starts from its disk';
    it(`node ${node} loses power and comes back with another Pod address; ${hub}`, async () => {
      const offMs = Date.now();
      await site.powerOff(node);
      const left = NODES.filter((other) => other !== node);
      await settled(left);
      await site.powerOn(node, { wipeHub: i === 0 });
      await settled(NODES);
      assertNoGap(offMs, FAILOVER_MS);
      assert.equal((await site.state(node))?.cloud.state === 'connected', false);
    });
  }

  it('the link is back: the site is what the cloud wants within seconds, and nothing else moves', async () => {
    const steady = () => STEADY.map((name) => [name, homes.get(name)]);
    const before = steady();
    const asker = await ArpClient.start(site.stage.site, site.clientNs, [ip('new'), ip('gone')], { intervalMs: 5 });
    const all = [...KEPT, 'new'].map(ip);
    const right = Promise.all(NODES.map((node) => site.whenRight(node, all, 'default/gone')));
    right.catch(() => {}); // waited for below
    backMs = Date.now();
    site.restoreCloud();
    await site.tellEndpoints();
    await site.hubsOnline();
    const onlineMs = Date.now();
    const rightMs = Math.max(...(await right));
    console.log(
      `      hubs online ${onlineMs - backMs} ms after the link, announcements right ${rightMs - onlineMs} ms later`,
    );
    await asker.answer(ip('new'), { sinceMs: rightMs });
    await settled(NODES);
    assert.ok(rightMs - onlineMs < RETURN_MS, `${rightMs - onlineMs} ms`);
    const log = await asker.stop();
    if (ip('gone') !== ip('new')) {
      const late = log.filter((line) => line.kind === 'answer' && line.address === ip('gone') && line.atMs > rightMs);
      assert.deepEqual(late, []);
    }
    assert.deepEqual(steady(), before, 'no address moved');
    assertNoGap(backMs, FAILOVER_MS);
    const stalled = site.stage.stalls(backMs);
    if (stalled.length > 0)
      console.log(`      not looked at what moved for a moment, for this machine stood still: ${stalled[0]}`);
    else for (const name of STEADY) assert.equal(answerers(since(backMs), ip(name)).length, 1, name);
  });

  it('the cloud hears what changed hands meanwhile, once, with the times at which it did', async () => {
    const restored = async () => (await site.events()).filter(({ reason }) => reason === 'CloudLinkRestored');
    await waitUntil('a report of each node', async () => (await restored()).length >= NODES.length, PATIENCE);
    const atMs = ({ eventTime }: SpeakerEvent) => Date.parse(eventTime);
    const perNode = (await restored()).map((event) => ({ about: event.regarding.name, sawMs: atMs(event) - cutMs }));
    assert.deepEqual(perNode.map(({ about }) => about).sort(), NODES);
    for (const { about, sawMs } of perNode) assert.ok(sawMs > -1_000 && sawMs < 30_000, `${about}: ${sawMs} ms`);

    const changes = async () =>
      (await site.events()).filter((e) => e.reason === 'AnnouncerChanged' && e.regarding.name === 'web');
    const owner = homes.get('web') ?? '';
    const ofOwner = async () => (await changes()).filter(({ note }) => note.includes(`node ${owner} took`));
    await waitUntil('the report of the owner', async () => (await ofOwner()).length > 0, PATIENCE);
    const told = await changes();
    const once = new Set(told.map(({ reportingInstance, note }) => `${reportingInstance} ${note}`));
    assert.equal(once.size, told.length, 'none twice');
    for (const event of told) {
      const lastMs = Date.parse(event.series?.lastObservedTime ?? event.eventTime);
      assert.ok(atMs(event) > cutMs && lastMs < backMs, `${event.note} ${event.eventTime}`);
      assert.ok(atMs(event) <= lastMs, event.note);
    }
  });
});
