import { strict as assert } from 'node:assert';
import { fileURLToPath } from 'node:url';
import { AnnounceProcess } from '../support/netns/announce-process.ts';
import { ArpClient } from '../support/netns/arp-client.ts';
import { Site } from '../support/netns/site.ts';
import { needSites } from '../support/netns/suite.ts';

const VIP = '192.168.10.240';
const FLOOD = 10_000;

describe('frames on a real LAN', () => {
  let site: Site;
  let a: AnnounceProcess;

  before(async function () {
    needSites(this);
    site = await Site.create({ pools: [{ name: 'shop', nodes: ['a', 'b'] }] });
    a = await AnnounceProcess.start(site, site.node('a').ns);
  });
  after(() => site?.close());

  const macOf = (node: string) => site.macOf(node);

  it('answers a request with the MAC of its own interface', async () => {
    const client = await ArpClient.start(site, site.pool('shop').clientNs, [VIP, '192.168.10.241']);
    await a.announce(VIP, true);
    assert.equal((await client.answer(VIP)).mac, macOf('a'));
    a.tell({ do: 'withdraw', address: VIP });
    const { atMs } = await a.next('withdrawn', 0);
    const log = await client.stop();
    assert.deepEqual(
      log.filter((line) => line.kind === 'answer' && line.address !== VIP),
      [],
      'nothing else is answered',
    );
    assert.deepEqual(
      log.filter((line) => line.kind === 'answer' && line.atMs > atMs + 50),
      [],
      'a withdrawn address is silent',
    );
  });

  it("the kernel's neighbour cache learns the announcer, and a take-over, without asking again", async () => {
    const { clientNs } = site.pool('shop');
    const neighbour = () => /lladdr (\S+)/.exec(site.exec(clientNs, 'ip', ['neigh', 'show', VIP]).stdout)?.[1];
    const b = await AnnounceProcess.start(site, site.node('b').ns);
    await a.announce(VIP, false);
    site.exec(clientNs, 'bash', ['-c', `echo > /dev/udp/${VIP}/9`]);
    await eventually('the client knows a', () => neighbour() === macOf('a'));
    await b.announce(VIP, false);
    await eventually('the client knows b', () => neighbour() === macOf('b'));
    a.tell({ do: 'withdraw', address: VIP });
    await b.stop();
  });

  it('a flood of requests is answered in turns of at most 64 frames, and timers run between them', async () => {
    await a.announce(VIP, false);
    await a.stats();
    const flood = fileURLToPath(new URL('../support/netns/arp-flood.ts', import.meta.url));
    const args = ['--import', 'tsx', flood, 'eth0', VIP, `${FLOOD}`];
    const { stdout, stderr } = site.exec(site.pool('shop').clientNs, process.execPath, args);
    assert.match(stdout, /^\{/, stderr);
    const { sent, answered } = JSON.parse(stdout) as { sent: number; answered: number };
    const stats = await a.stats();
    assert.equal(sent, FLOOD);
    // What waited while a busy machine let the process stand still is not answered, on purpose.
    const stale = stats.counts['arp_received stale'] ?? 0;
    assert.ok(answered + stale >= FLOOD * 0.9, `${answered} of ${FLOOD} answered, ${stale} came too late for it`);
    assert.ok(stats.mostInTurn > 1 && stats.mostInTurn <= 64, `${stats.mostInTurn} frames in one turn`);
    assert.ok(stats.mostBetweenTicks < FLOOD / 2, `${stats.mostBetweenTicks} frames before a timer of 5 ms ran`);
    a.tell({ do: 'withdraw', address: VIP });
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

async function eventually(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`not within 10 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
