import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { AnnounceProcess } from '../support/netns/announce-process.ts';
import { digitsOf, readAdvertisement, type Solicitation, solicitationFrame } from '../support/netns/ndp-frames.ts';
import { NdpProcess } from '../support/netns/ndp-process.ts';
import { Site } from '../support/netns/site.ts';
import { hears, isJoined, startSnooping } from '../support/netns/snooping.ts';
import { needCommand, needSites } from '../support/netns/suite.ts';
import { until } from '../support/until.ts';

const PORT = 8080;
const SERVER = `require('http').createServer((_, answer) => answer.end('served by a')).listen(${PORT}, '::', () => console.log('up'))`;

describe('neighbour discovery on a real LAN', () => {
  let site: Site;
  let a: AnnounceProcess;
  let b: AnnounceProcess;
  /** A host that hears and sends frames as it is told. */
  let host: NdpProcess;
  const clientNs = () => site.pool('shop').clientNs;
  const nsOf = (node: string) => site.node(node).ns;
  const client = (command: string, ...args: string[]) => site.exec(clientNs(), command, args);
  const neighbour = (address: string) => client('ip', '-6', 'neigh', 'show', address).stdout;
  /** Something to send, so that the client's kernel looks for the neighbour. */
  const speakTo = (address: string) => client('bash', '-c', `echo > /dev/udp/${address}/9`);
  const countsOf = async (node: AnnounceProcess, name: string) => (await node.stats()).counts[name] ?? 0;

  before(async function () {
    this.timeout(60_000); // several processes start on a machine that may be busy
    needSites(this);
    needCommand(this, 'ndisc6', 'ndisc6');
    site = await Site.create({ prefix: 'ndp', pools: [{ name: 'shop', nodes: ['a', 'b'], lan6: 'fd00:10' }] });
    const tentative = (ns: string) =>
      /tentative/.test(site.exec(ns, 'ip', ['-6', 'address', 'show', 'dev', 'eth0']).stdout);
    [a, b, host] = await Promise.all([
      AnnounceProcess.start(site, nsOf('a')),
      AnnounceProcess.start(site, nsOf('b')),
      NdpProcess.start(site, clientNs()),
    ]);
    for (const ns of [nsOf('a'), nsOf('b'), clientNs()]) await until(`${ns} has its addresses`, () => !tentative(ns));
  });
  after(() => site?.close());

  it('what speaks IPv6 is loaded with the first IPv6 address, not before', async () => {
    const loaded = () => /raw-socket\/build\/Release\/raw\.node/.test(readFileSync(`/proc/${a.pid}/maps`, 'utf8'));
    await a.announce('192.168.10.240', false);
    assert.equal(loaded(), false);
    await a.announce('fd00:10::f000', false);
    assert.equal(loaded(), true);
    for (const address of ['192.168.10.240', 'fd00:10::f000']) a.tell({ do: 'withdraw', address });
  });

  it('ndisc6 learns the MAC of the node that announces, and of a withdrawn address nothing', async () => {
    const address = 'fd00:10::f001';
    await a.announce(address, true);
    const asked = client('ndisc6', '-1', '-r', '3', '-w', '3000', address, 'eth0');
    assert.equal(asked.status, 0, asked.stderr);
    assert.match(asked.stdout.toLowerCase(), new RegExp(`target link-layer address: ${site.macOf('a')}`));
    const { mark } = a;
    a.tell({ do: 'withdraw', address });
    await a.next('withdrawn', mark);
    assert.notEqual(client('ndisc6', '-1', '-r', '1', '-w', '300', address, 'eth0').status, 0);
  });

  it('curl -6 reaches what stands behind an announced address', async () => {
    const address = 'fd00:10::f002';
    const rules = `add table ip6 vip
      add chain ip6 vip in { type nat hook prerouting priority dstnat; }
      add rule ip6 vip in ip6 daddr ${address} tcp dport 80 dnat to [${site.node('a').lanIp6}]:${PORT}`;
    const nft = site.exec(nsOf('a'), 'bash', ['-c', `nft -f - <<< '${rules}'`]);
    assert.equal(nft.status, 0, nft.stderr);
    const server = site.spawn(nsOf('a'), process.execPath, ['-e', SERVER], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => server.stdout?.once('data', resolve));
    await a.announce(address, true);
    const got = client('curl', '-6', '-sS', '--max-time', '10', `http://[${address}]/`);
    assert.equal(got.stdout, 'served by a', got.stderr);
    server.kill();
    a.tell({ do: 'withdraw', address });
  });

  it("the kernel's cache of a client: its unicast questions are answered, so that a stale entry is reachable again", async () => {
    const address = 'fd00:10::f003';
    const milliseconds = ['base_reachable', '600', 'delay_probe', '100']; // half the first must exceed the second
    const set = client('ip', 'ntable', 'change', 'name', 'ndisc_cache', 'dev', 'eth0', ...milliseconds);
    assert.equal(set.status, 0, set.stderr);
    const listener = await NdpProcess.start(site, nsOf('a'));
    await a.announce(address, true);
    speakTo(address);
    await until('known', () => neighbour(address).includes(site.macOf('a')));
    const asks = (frame: Buffer) => frame.includes(digitsOf(address), 62, 'hex');
    await listener.frame('the first question, to the group', asks);
    const { mark } = listener;
    await until('stale', () => /STALE/.test(neighbour(address)));
    speakTo(address);
    await listener.frame('another question', asks, mark);
    // Without an answer it would fail after three questions; with one it is reachable, and stale again a moment later.
    await until('reachable again', () => /REACHABLE|STALE/.test(neighbour(address)));
    const questions = listener.framesSince(mark).filter(asks);
    const asked = [...new Set(questions.map((question) => question.toString('hex', 0, 6)))];
    assert.deepEqual(asked, [listener.mac], 'this node alone was asked');
    await listener.stop();
    a.tell({ do: 'withdraw', address });
  });

  it("a peer's kernel that takes the same address finds it in use", async () => {
    const address = 'fd00:10::f004';
    await a.announce(address, true);
    site.exec(nsOf('b'), 'ip', ['address', 'add', `${address}/64`, 'dev', 'eth0']);
    const shown = () => site.exec(nsOf('b'), 'ip', ['-6', 'address', 'show', 'dev', 'eth0']).stdout;
    await until('duplicate detection fails', () => new RegExp(`${address}/64.*dadfailed`).test(shown()));
    site.exec(nsOf('b'), 'ip', ['address', 'delete', `${address}/64`, 'dev', 'eth0']);
    a.tell({ do: 'withdraw', address });
  });

  it("a take-over moves the client's entry, without a question of its own", async () => {
    const address = 'fd00:10::f005';
    for (const node of [a, b]) node.tell({ do: 'pool-macs', macs: [site.macOf('a'), site.macOf('b')] });
    await a.announce(address, true);
    speakTo(address);
    await until('the client knows a', () => neighbour(address).includes(site.macOf('a')));
    await b.announce(address, false);
    a.tell({ do: 'withdraw', address });
    await until('the client knows b', () => neighbour(address).includes(site.macOf('b')));
    assert.equal(await countsOf(b, `ndp_replies ${address}`), 0, 'nobody asked');
    b.tell({ do: 'withdraw', address });
    for (const node of [a, b]) node.tell({ do: 'pool-macs', macs: [] });
  });

  describe('solicitations', () => {
    const address = 'fd00:10::f006';
    const vip = digitsOf(address);
    const source = 'fd00:10::200';
    let asked: Solicitation;
    let nodeMac: Buffer;
    const ask = (change: Partial<Solicitation>) =>
      host.do({ do: 'send-frame', hex: solicitationFrame({ ...asked, ...change }).toString('hex') });

    before(async () => {
      asked = { mac: Buffer.from(host.mac, 'hex'), source, target: address };
      nodeMac = Buffer.from(site.macOf('a').replaceAll(':', ''), 'hex');
      await a.announce(address, true);
      const said = () => host.framesSince(0).filter((frame) => readAdvertisement(frame)?.target === vip);
      await until('it has been told three times', () => said().length === 3);
    });
    after(() => a.tell({ do: 'withdraw', address }));

    const toAll = { to: digitsOf('ff02::1'), toMac: '333300000001', flags: 'O' };
    const valid: { name: string; change: () => Partial<Solicitation>; want?: typeof toAll }[] = [
      { name: 'to the group', change: () => ({}) },
      { name: 'to the group, without its link-layer address', change: () => ({ withMac: false }) },
      { name: 'to the node', change: () => ({ to: { address, mac: nodeMac } }) },
      {
        name: 'to the node, without its link-layer address',
        change: () => ({ to: { address, mac: nodeMac }, withMac: false }),
      },
      { name: 'from an address this node has no route to', change: () => ({ source: '2001:db8::1' }) },
      { name: 'of a host that has no address yet', change: () => ({ source: '::', withMac: false }), want: toAll },
    ];
    for (const { name, change, want } of valid) {
      it(`${name}: answered`, async () => {
        const { mark } = host;
        await ask(change());
        const frame = await host.frame('the answer', (heard) => readAdvertisement(heard)?.target === vip, mark);
        const { source: _, ...answer } = readAdvertisement(frame) ?? { source: '' };
        const toOne = { to: digitsOf(change().source ?? source), toMac: host.mac, flags: 'SO' };
        const { to: destination, ...rest } = want ?? toOne;
        const mac = nodeMac.toString('hex');
        assert.deepEqual(answer, { ...rest, destination, hopLimit: 255, checksumRight: true, target: vip, mac });
      });
    }

    const invalid: { reason: string; change: Partial<Solicitation> }[] = [
      { reason: 'bad-hop-limit', change: { hopLimit: 64 } },
      { reason: 'bad-checksum', change: { checksum: 0x1234 } },
      { reason: 'bad-code', change: { code: 1 } },
    ];
    for (const { reason, change } of invalid) {
      it(`${reason}: counted, not answered`, async () => {
        const before = await countsOf(a, `ndp_received ${reason}`);
        const { mark } = host;
        await ask(change);
        await ask({ source: 'fd00:10::201' });
        const answers = () =>
          host
            .framesSince(mark)
            .map(readAdvertisement)
            .filter((heard) => heard?.target === vip);
        await until('the valid one after it is answered', () => answers().length > 0);
        assert.deepEqual(
          answers().map((answer) => answer?.destination),
          [digitsOf('fd00:10::201')],
        );
        assert.equal(await countsOf(a, `ndp_received ${reason}`), before + 1);
      });
    }
  });

  it('behind a switch that snoops, solicitations reach the node as long as it has the address', async () => {
    const address = 'fd00:10::f8:f007';
    const group = 'ff02::1:fff8:f007';
    const listener = await NdpProcess.start(site, nsOf('a'));
    await startSnooping(site, 'shop', host, listener);
    assert.equal(await hears(host, listener, address), false, 'no group joined, no question heard');
    await a.announce(address, true);
    await until('the switch knows', () => isJoined(site, 'shop', site.node('a').lanPort, group));
    assert.equal(await hears(host, listener, address), true);
    assert.equal(client('ndisc6', '-1', '-r', '3', '-w', '3000', address, 'eth0').status, 0);
    a.tell({ do: 'withdraw', address });
    await until('the switch knows', () => !isJoined(site, 'shop', site.node('a').lanPort, group));
    assert.equal(await hears(host, listener, address), false);
    await listener.stop();
  });

  it('its group is joined again when an MTU under 1280 took IPv6 from the interface, and came back', async () => {
    const address = 'fd00:10::f9:f008';
    const joined = () =>
      site.exec(nsOf('a'), 'ip', ['-6', 'maddress', 'show', 'dev', 'eth0']).stdout.includes('ff02::1:fff9:f008');
    const setMtu = (mtu: string) => site.exec(nsOf('a'), 'ip', ['link', 'set', 'eth0', 'mtu', mtu]);
    a.tell({ do: 'interfaces', patterns: ['eth0'] }); // there it belongs, subnet or not
    const { mark } = a;
    a.tell({ do: 'keep', address });
    await a.next('announced', mark);
    assert.equal(joined(), true);
    setMtu('1200');
    assert.equal((await a.next('withdrawn', mark)).reason, 'socket-refused');
    setMtu('1500');
    await until('it is in the group', joined);
    a.tell({ do: 'withdraw', address });
    await until('it left the group', () => !joined());
  });
});
