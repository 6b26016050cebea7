import { strict as assert } from 'node:assert';
import { AnnounceProcess } from '../support/netns/announce-process.ts';
import type { ArpClient, ArpLine } from '../support/netns/arp-client.ts';
import { needSites } from '../support/netns/suite.ts';
import { until } from '../support/until.ts';
import { SpeakerSite } from './speaker-site.ts';

const VIP = '192.168.10.240';
const EVENTS = '/apis/events.k8s.io/v1/namespaces/default/events';

describe('two that answer for one address', function () {
  this.timeout(60_000);
  let site: SpeakerSite;
  let asker: ArpClient;
  let owner = '';
  let other = '';

  before(async function () {
    needSites(this);
    site = await SpeakerSite.create(['a', 'b']);
    asker = await site.ask([VIP]);
    site.startAll();
    await site.addService('web', VIP);
    for (const node of ['a', 'b']) {
      await site.until(
        'in session',
        node,
        ({ members, addresses }) => members.some(({ state }) => state === 'alive') && addresses[0]?.owner !== null,
        20_000,
      );
    }
    const ownerAt = (node: string) => site.state(node)?.addresses[0]?.owner;
    await until('they agree', () => ownerAt('a') === ownerAt('b'));
    const since = Date.now();
    owner = site.nodeOfMac((await asker.answer(VIP, { sinceMs: since })).mac);
    other = owner === 'a' ? 'b' : 'a';
  });
  after(() => site?.close());
  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.error(site.logOf(owner).split('\n').slice(-30).join('\n'));
  });

  const metric = (node: string, line: string): number => {
    const found = (site.page(node, '/metrics') ?? '').split('\n').find((text) => text.startsWith(line));
    return Number(found?.split(' ').at(-1) ?? 0);
  };
  const events = async () => (await site.api('GET', EVENTS)).items as { reason: string; note: string }[];

  it('are counted and reported with both MACs, where one of them is a node of the pool outside its session', async () => {
    const [ownMac, otherMac] = [site.site.macOf(owner), site.site.macOf(other)];
    const rogue = await AnnounceProcess.start(site.site, site.site.node(other).ns);
    const sinceMs = Date.now();
    await rogue.announce(VIP, false);
    for (const mac of [ownMac, otherMac]) await asker.answer(VIP, { mac, sinceMs });
    const counted = `yurtlb_speaker_duplicate_owners_total{address="${VIP}"}`;
    await until('counted', () => metric(owner, counted) > 0);
    let notes: string[] = [];
    const deadline = Date.now() + 10_000;
    while (notes.length === 0 && Date.now() < deadline) {
      notes = (await events()).filter(({ reason }) => reason === 'DuplicateOwner').map(({ note }) => note);
    }
    assert.equal(notes.length, 1, 'one Event');
    for (const mac of [ownMac, otherMac]) assert.ok(notes[0]?.includes(mac), notes[0]);
    const said = site.linesOf(owner).filter(({ msg }) => msg === 'two members of the pool announce the same address');
    assert.ok(said.length > 0);
    const line = site.state(owner)?.addresses[0];
    assert.equal(line?.owner, owner, 'it is kept');
    assert.deepEqual([line?.here?.state, line?.here?.byMac], ['announced', otherMac]);
    rogue.tell({ do: 'withdraw', address: VIP });
    await asker.answer(VIP, { mac: ownMac, sinceMs: Date.now() });
  });

  it('a stopped owner that goes on answers nothing of what waited: its first frame announces the address anew', async () => {
    const mac = site.site.macOf(owner);
    const quietMs = Date.now();
    await asker.answer(VIP, { mac, sinceMs: quietMs });
    const pid = site.pidOf(owner);
    process.kill(pid, 'SIGSTOP');
    const stoppedMs = Date.now();
    await asker.answer(VIP, { mac: site.site.macOf(other), sinceMs: stoppedMs });
    await until('it was asked for a second', () => Date.now() - stoppedMs > 1_000);
    const wokenMs = Date.now();
    process.kill(pid, 'SIGCONT');
    const again = (line: ArpLine) => line.kind === 'gratuitous' && line.mac === mac;
    const announced = await asker.until('it takes the address again', again, { sinceMs: wokenMs });
    const early = asker.log.filter(
      (line) => line.kind === 'answer' && line.mac === mac && line.atMs >= wokenMs && line.atMs < announced.atMs,
    );
    assert.deepEqual(early, []);
    await asker.answer(VIP, { mac, sinceMs: announced.atMs });
  });
});
