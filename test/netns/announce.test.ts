import { strict as assert } from 'node:assert';
import { AnnounceProcess } from '../support/netns/announce-process.ts';
import { ArpClient } from '../support/netns/arp-client.ts';
import { Site } from '../support/netns/site.ts';
import { needSites } from '../support/netns/suite.ts';
import { nowMs, until } from '../support/until.ts';

describe('duplicate addresses on a real LAN', () => {
  let site: Site;
  let ours: AnnounceProcess;
  let other: AnnounceProcess;

  before(async function () {
    this.timeout(60_000); // several processes start on a machine that may be busy
    needSites(this);
    site = await Site.create({ pools: [{ name: 'shop', nodes: ['a', 'b'] }] });
    [ours, other] = (await Promise.all(['a', 'b'].map((node) => AnnounceProcess.start(site, site.node(node).ns)))) as [
      AnnounceProcess,
      AnnounceProcess,
    ];
  });
  after(() => site?.close());

  it('a probe meets an objection: never announced, told with the MAC', async () => {
    const address = '192.168.10.241';
    await other.announce(address, false);
    ours.tell({ do: 'announce', address, probe: true });
    const failed = await ours.next('failed', 0);
    assert.equal(failed.byMac, site.macOf('b'));
    const { counts } = await ours.stats();
    assert.equal(counts[`gratuitous_sent ${address}`], undefined);
    other.tell({ do: 'withdraw', address });
    ours.tell({ do: 'withdraw', address });
  });

  it('two hosts that probe at once do not both announce', async () => {
    const address = '192.168.10.242';
    const marks = [ours.mark, other.mark] as const;
    for (const node of [ours, other]) node.tell({ do: 'announce', address, probe: true });
    const first = await Promise.race([ours.next('failed', marks[0]), other.next('failed', marks[1])]);
    assert.equal(first.address, address);
    for (const node of [ours, other]) node.tell({ do: 'withdraw', address });
  });

  it('a stranger claims an announced address: kept, defended, told with the MAC', async () => {
    const address = '192.168.10.243';
    const client = await ArpClient.start(site, site.pool('shop').clientNs, [address]);
    await ours.announce(address, false);
    const { mark } = ours;
    const sinceMs = Date.now();
    await other.announce(address, false);
    const conflict = await ours.next('conflict', mark);
    assert.deepEqual([conflict.byMac, conflict.defended], [site.macOf('b'), true]);
    const defence = (line: { kind: string; mac?: string }) =>
      line.kind === 'gratuitous' && line.mac === site.macOf('a');
    await client.until('the defence', defence, { sinceMs });
    await client.answer(address, { mac: site.macOf('a'), sinceMs: conflict.atMs });
    other.tell({ do: 'withdraw', address });
    ours.tell({ do: 'withdraw', address });
    await client.stop();
  });

  it('the same claim by a member of the pool is a hand-over', async () => {
    const address = '192.168.10.244';
    ours.tell({ do: 'pool-macs', macs: [site.macOf('b')] });
    await ours.announce(address, false);
    const { mark } = ours;
    await other.announce(address, false);
    const handOver = await ours.next('hand-over', mark);
    assert.deepEqual([handOver.address, handOver.byMac], [address, site.macOf('b')]);
    const { counts } = await ours.stats();
    assert.equal(counts[`conflicts ${address}`], undefined);
    ours.tell({ do: 'pool-macs', macs: [] });
    for (const node of [ours, other]) node.tell({ do: 'withdraw', address });
  });

  it('a process that was stopped answers nothing that waited, and everything that comes then', async function () {
    this.timeout(60_000);
    const address = '192.168.10.245';
    const client = await ArpClient.start(site, site.pool('shop').clientNs, [address]);
    await ours.announce(address, false);
    await client.answer(address);
    const before = await ours.stats();
    const heard = () => {
      const [eth0] = JSON.parse(site.exec(site.node('a').ns, 'ip', ['-json', '-stats', 'link', 'show', 'eth0']).stdout);
      return Number(eth0.stats64.rx.packets);
    };
    process.kill(ours.pid, 'SIGSTOP');
    const [stoppedMs, heardBefore] = [nowMs(), heard()];
    // Longer than what counts as a pause, and long enough for questions, however busy the machine.
    await until('it was asked meanwhile', () => nowMs() - stoppedMs > 500 && heard() - heardBefore > 40, 40_000);
    process.kill(ours.pid, 'SIGCONT');
    await client.answer(address, { mac: site.macOf('a'), sinceMs: Date.now() });
    const { counts } = await ours.stats();
    const grown = (name: string) => (counts[name] ?? 0) - (before.counts[name] ?? 0);
    const stale = grown('arp_received stale');
    assert.ok(stale > 20, `${stale} requests were dropped, of about 40 packets that waited`); // a few are the kernels' own
    ours.tell({ do: 'withdraw', address });
    await client.stop();
  });
});
