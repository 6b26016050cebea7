import { strict as assert } from 'node:assert';
import { childProgram } from '../support/child-program.ts';
import { AnnounceProcess, type NodeStats } from '../support/netns/announce-process.ts';
import { ArpClient } from '../support/netns/arp-client.ts';
import { Site } from '../support/netns/site.ts';
import { needSites } from '../support/netns/suite.ts';
import { nowMs, until } from '../support/until.ts';

const VIP = '192.168.10.240';
const OTHER = '192.168.10.241';
const FLOOD = 10_000;

describe('frames on a real LAN', () => {
  let site: Site;
  let a: AnnounceProcess;

  before(async function () {
    this.timeout(60_000); // several processes start on a machine that may be busy
    needSites(this);
    site = await Site.create({ pools: [{ name: 'shop', nodes: ['a', 'b'] }] });
    a = await AnnounceProcess.start(site, site.node('a').ns);
  });
  after(() => site?.close());

  const macOf = (node: string) => site.macOf(node);

  it('answers a request with the MAC of its own interface', async () => {
    const client = await ArpClient.start(site, site.pool('shop').clientNs, [VIP, OTHER]);
    await a.announce(VIP, true);
    assert.equal((await client.answer(VIP)).mac, macOf('a'));
    a.tell({ do: 'withdraw', address: VIP });
    await a.next('withdrawn', 0);
    // Frames stay in line: with the first that tells of the other address, all answers for the former one have come.
    await a.announce(OTHER, false);
    for (let sinceMs = 0, i = 0; i < 3; i++) sinceMs = (await client.answer(OTHER, { sinceMs })).atMs + 0.001;
    const log = await client.stop();
    const from = log.findIndex((line) => line.kind !== 'start' && line.address === OTHER);
    const answered = (lines: typeof log) =>
      new Set(lines.filter((line) => line.kind === 'answer').map(({ address }) => address));
    assert.deepEqual(answered(log.slice(0, from)), new Set([VIP]), 'nothing else is answered');
    assert.deepEqual(answered(log.slice(from)), new Set([OTHER]), 'a withdrawn address is silent');
    a.tell({ do: 'withdraw', address: OTHER });
  });

  it("the kernel's neighbour cache learns the announcer, and a take-over, without asking again", async () => {
    const { clientNs } = site.pool('shop');
    const neighbour = () => /lladdr (\S+)/.exec(site.exec(clientNs, 'ip', ['neigh', 'show', VIP]).stdout)?.[1];
    const b = await AnnounceProcess.start(site, site.node('b').ns);
    await a.announce(VIP, false);
    site.exec(clientNs, 'bash', ['-c', `echo > /dev/udp/${VIP}/9`]);
    await until('the client knows a', () => neighbour() === macOf('a'));
    await b.announce(VIP, false);
    await until('the client knows b', () => neighbour() === macOf('b'));
    a.tell({ do: 'withdraw', address: VIP });
    await b.stop();
  });

  it('a flood of requests is answered in turns of at most 64 frames, and timers run between them', async function () {
    this.timeout(60_000);
    await a.announce(VIP, false);
    const before = await a.stats();
    const args = [...childProgram('netns/arp-flood'), 'eth0', VIP, `${FLOOD}`];
    const { stdout, stderr } = site.exec(site.pool('shop').clientNs, process.execPath, args);
    assert.match(stdout, /^\{/, stderr);
    const { sent, answered } = JSON.parse(stdout) as { sent: number; answered: number };
    assert.equal(sent, FLOOD);
    assert.ok(answered > 0);
    // What waited while a busy machine let the process stand still is not answered, on purpose; all else is.
    const heard = ({ counts }: NodeStats) => (counts['arp_received reply'] ?? 0) + (counts['arp_received stale'] ?? 0);
    let stats = await a.stats();
    for (const endMs = nowMs() + 40_000; heard(stats) - heard(before) < FLOOD && nowMs() < endMs; ) {
      stats = await a.stats();
    }
    assert.ok(heard(stats) - heard(before) >= FLOOD, JSON.stringify(stats.counts));
    assert.ok(stats.mostInTurn > 1 && stats.mostInTurn <= 64, `${stats.mostInTurn} frames in one turn`);
    assert.ok(stats.mostBetweenTicks < FLOOD / 2, `${stats.mostBetweenTicks} frames before a timer of 5 ms ran`);
    a.tell({ do: 'withdraw', address: VIP });
  });

  it('questions that follow each other closely are answered without falling asleep between them; closing then is safe', () => {
    const { ns } = site.node('b');
    site.exec(ns, 'ip', ['link', 'set', 'lo', 'up']);
    const { stdout, stderr } = site.exec(ns, process.execPath, [...childProgram('netns/arp-echo'), '3000']);
    assert.match(stdout, /^\{/, stderr);
    const { heard, mostInTurn } = JSON.parse(stdout) as { heard: number; mostInTurn: number };
    assert.equal(heard, 3000, 'none after it was closed');
    assert.ok(mostInTurn > 1 && mostInTurn <= 64, `${mostInTurn} frames in one turn`);
  });

  it('without CAP_NET_RAW it says which capability is missing and how to give it', async () => {
    const drop = ['setpriv', '--inh-caps', '-all', '--bounding-set', '-net_raw'];
    const powerless = await AnnounceProcess.start(site, site.node('b').ns, drop);
    powerless.tell({ do: 'announce', address: VIP, probe: false });
    const { reason, detail } = await powerless.next('refused', 0);
    assert.equal(reason, 'socket-refused');
    assert.match(detail, /LB_CAPABILITY_MISSING.*eth0.*CAP_NET_RAW/);
    const { remedy } = await powerless.next('warning', 0);
    assert.match(String(remedy), /capabilities\.add: \["NET_RAW"\]/);
    await powerless.stop();
  });
});
