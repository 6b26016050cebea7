import { strict as assert } from 'node:assert';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConfigMapObject, decodeNodeReport, type NodeReport } from '@openyurt/nodepool-types';
import type { ArpClient, ArpLine } from '../support/netns/arp-client.ts';
import { needCommand, needSites } from '../support/netns/suite.ts';
import { SpeakerSite } from './speaker-site.ts';
import type { State } from './speaker-words.ts';

/** A peer of the LAN has the first of each from the beginning; the others become its own later. */
const TAKEN = ['192.168.10.240', 'fd00:10::f0'];
const OURS = ['192.168.10.241', 'fd00:10::f1'];
const LATE = '192.168.10.242';
const SOON = '192.168.10.243';
const NODES = ['a', 'b'];
const EVENTS = '/apis/events.k8s.io/v1/namespaces/default/events';
/** RFC 5227: so long after its first announcement an address may still be lost to who objects. */
const OBJECTION_MS = 7_000;

interface EventObject {
  readonly reason: string;
  readonly note: string;
  readonly action: string;
  readonly eventTime: string;
  readonly regarding: { readonly name: string };
}

describe('an address that another host uses', function () {
  this.timeout(60_000);
  let site: SpeakerSite;
  let asker: ArpClient;
  let peerMac = '';
  let announcedMs = 0;

  before(async function () {
    needSites(this);
    needCommand(this, 'arping', 'iputils-arping');
    site = await SpeakerSite.create(NODES, 'fd00:10');
    peerMac = macOf(site.clientNs);
    for (const address of TAKEN) take(address);
    site.startAll();
    for (const node of NODES) {
      await site.until('in session', node, ({ members }) => members.some(({ state }) => state === 'alive'), 20_000);
    }
    asker = await site.ask([OURS[0] ?? '']);
    await Promise.all([...TAKEN, ...OURS].map((address, i) => site.addService(`web-${i}`, address)));
  });
  after(() => site?.close());
  afterEach(function () {
    if (this.currentTest?.state !== 'failed') return;
    for (const node of NODES) console.error(node, site.logOf(node).split('\n').slice(-30).join('\n'));
  });

  const inClient = (command: string, ...args: string[]) => {
    const { status, stderr } = site.site.exec(site.clientNs, command, args);
    assert.equal(status, 0, `${command} ${args.join(' ')}: ${stderr}`);
  };
  const macOf = (ns: string): string => {
    const links = JSON.parse(site.site.exec(ns, 'ip', ['-json', 'link', 'show', 'eth0']).stdout) as {
      address: string;
    }[];
    return links[0]?.address ?? assert.fail(`${ns} has no eth0`);
  };
  /** The peer's kernel owns it from now on, and answers for it. */
  const take = (address: string) => {
    const v6 = address.includes(':');
    inClient('ip', 'addr', 'add', `${address}/${v6 ? 128 : 32}`, 'dev', 'eth0', ...(v6 ? ['nodad'] : []));
  };
  const giveUp = (address: string) =>
    inClient('ip', 'addr', 'del', `${address}/${address.includes(':') ? 128 : 32}`, 'dev', 'eth0');
  /** The peer says to everybody that the address is its own: a gratuitous ARP, or the kernel's own unsolicited advertisement. */
  const claim = (address: string) => {
    if (address.includes(':')) {
      inClient('sh', '-c', 'echo 1 > /proc/sys/net/ipv6/conf/eth0/ndisc_notify');
      inClient('ip', 'link', 'set', 'dev', 'eth0', 'address', peerMac); // a MAC that is set is told to the LAN
    } else inClient('arping', '-q', '-U', '-c', '1', '-I', 'eth0', address);
  };

  const addressOf = ({ addresses }: State, address: string) => addresses.find((line) => line.address === address);
  const untilAll = (what: string, holds: (state: State) => boolean, timeoutMs = 20_000) =>
    Promise.all(NODES.map((node) => site.until(what, node, holds, timeoutMs)));
  const events = async (address: string) =>
    ((await site.api('GET', EVENTS)).items as EventObject[]).filter(
      ({ reason, note }) => reason === 'AddressConflict' && note.includes(`${address} `),
    );
  const reportOf = async (node: string): Promise<NodeReport | undefined> => {
    const list = (await site.api('GET', '/api/v1/namespaces/yurtlb-reports/configmaps')).items as ConfigMapObject[];
    const object = list.find(({ metadata }) => metadata.name === node);
    if (object === undefined) return undefined;
    const decoded = decodeNodeReport(object);
    assert.ok(decoded.ok, decoded.ok ? '' : decoded.problem);
    return decoded.report;
  };
  /** Asks the API again and again. @throws AssertionError naming `what` */
  const eventually = async <T>(what: string, read: () => Promise<T | undefined>, timeoutMs = 15_000): Promise<T> => {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const value = await read();
      if (value !== undefined) return value;
      assert.ok(Date.now() < deadline, `not within ${timeoutMs} ms: ${what}`);
      await sleep(100);
    }
  };
  const conflictIn = (report: NodeReport | undefined, address: string) =>
    report?.conflicts.find((conflict) => conflict.address === address);
  const announcerOf = (address: string): string =>
    addressOf(site.state('a') ?? assert.fail('no state page'), address)?.owner ??
    assert.fail(`nobody announces ${address}`);
  const metric = (node: string, line: string): number => {
    const found = (site.page(node, '/metrics') ?? '').split('\n').find((text) => text.startsWith(line));
    return Number(found?.split(' ').at(-1) ?? 0);
  };

  it('is not announced where the host was there before; the Event and the node report name its MAC', async () => {
    for (const address of TAKEN) {
      await untilAll('refused', (state) => addressOf(state, address)?.offered === 'conflict');
      for (const node of NODES) {
        const line = addressOf(site.state(node) ?? assert.fail('no state page'), address);
        assert.deepEqual(
          [line?.owner, line?.here, line?.conflict?.kind, line?.conflict?.byMac],
          [null, undefined, 'refused', peerMac],
        );
        const said = site.linesOf(node).filter(({ msg }) => msg === 'address announced');
        assert.ok(!said.some((one) => one.address === address), `${node} announced ${address}`);
      }
      const told = await eventually('an Event', async () => (await events(address))[0]);
      assert.ok(told.note.includes(`MAC ${peerMac} owns ${address}`), told.note);
      for (const node of NODES) {
        const conflict = await eventually('a report', async () => conflictIn(await reportOf(node), address));
        assert.deepEqual([conflict.kind, conflict.byMac, conflict.link], ['refused', peerMac, 'eth0']);
        assert.equal(conflict.services.length, 1);
      }
    }
  });

  it('is announced by itself once the host has left it', async () => {
    for (const address of OURS) await untilAll('announced', (state) => addressOf(state, address)?.owner != null);
    announcedMs = Date.now();
    for (const address of TAKEN) giveUp(address);
    for (const address of TAKEN)
      await untilAll('announced', (state) => addressOf(state, address)?.owner != null, 40_000);
  });

  it('is none where a switch sends its own frames back', async () => {
    const { switchNs, nodes } = site.site.pool('hangzhou');
    for (const { lanPort } of nodes) {
      const args = ['link', 'set', 'dev', lanPort, 'hairpin', 'on'];
      assert.equal(site.site.exec(switchNs, 'bridge', args).status, 0);
    }
    const before = new Map(NODES.map((node) => [node, site.logOf(node).length]));
    await site.addService('late', LATE);
    await untilAll('announced', (state) => addressOf(state, LATE)?.owner != null);
    const owner = announcerOf(LATE);
    const burst = `yurtlb_speaker_gratuitous_sent_total{address="${LATE}"}`;
    await eventually('it said so more than once', async () => (metric(owner, burst) > 1 ? true : undefined));
    for (const node of NODES) {
      assert.equal(metric(node, `yurtlb_speaker_conflicts_total{address="${LATE}"}`), 0);
      const said = site.linesOf(node, before.get(node)).filter(({ level }) => level === 'warn');
      assert.deepEqual(said, []);
    }
    for (const { lanPort } of nodes)
      site.site.exec(switchNs, 'bridge', ['link', 'set', 'dev', lanPort, 'hairpin', 'off']);
  });

  it('is given up again where the host speaks up within 7 s of the first announcement', async () => {
    const before = new Map(NODES.map((node) => [node, site.logOf(node).length]));
    await site.addService('soon', SOON);
    const says = (node: string, msg: string) =>
      site.linesOf(node, before.get(node)).some((line) => line.msg === msg && line.address === SOON);
    const announcing = async () => NODES.find((node) => says(node, 'address announced'));
    const owner = await eventually('announced', announcing);
    await sleep(1_500); // the other node has known it for a while, and must not take over what was given up
    take(SOON);
    claim(SOON);
    await eventually('given up', async () => says(owner, 'address belongs to another host') || undefined);
    await untilAll('refused', (state) => addressOf(state, SOON)?.offered === 'conflict');
    const told = await eventually('an Event', async () => (await events(SOON))[0]);
    assert.deepEqual([told.action, told.note.includes(peerMac)], ['Withdraw', true]);
    giveUp(SOON);
  });

  it('is kept, defended and reported at once where the host came later', async () => {
    await sleep(Math.max(0, announcedMs + OBJECTION_MS - Date.now()));
    for (const address of OURS) {
      const owner = announcerOf(address);
      const before = site.logOf(owner).length;
      take(address);
      const claimedMs = Date.now();
      claim(address);
      const line = await eventually('a line of log', async () =>
        site.linesOf(owner, before).find(({ msg, byMac }) => msg.startsWith('another host uses') && byMac === peerMac),
      );
      const ms = Date.parse(line.ts ?? '') - claimedMs;
      assert.ok(ms < 3_000, `said after ${ms} ms`);
      assert.ok(metric(owner, `yurtlb_speaker_conflicts_total{address="${address}"}`) > 0);
      const told = await eventually('an Event', async () => (await events(address))[0]);
      assert.deepEqual([told.action, told.note.includes(`MAC ${peerMac} uses ${address}`)], ['Defend', true]);
      const conflict = await eventually('a report', async () => conflictIn(await reportOf(owner), address));
      assert.deepEqual([conflict.kind, conflict.byMac], ['contested', peerMac]);
      const here = addressOf(site.state(owner) ?? assert.fail('no state page'), address);
      assert.deepEqual([here?.owner, here?.here?.state, here?.conflict?.kind], [owner, 'announced', 'contested']);
      giveUp(address);
    }
    const [ours = ''] = OURS;
    const mac = site.site.macOf(announcerOf(ours));
    const defence = (line: ArpLine) => line.kind === 'gratuitous' && line.address === ours && line.mac === mac;
    await asker.until('its defence', defence, { sinceMs: announcedMs });
    await asker.answer(ours, { mac, sinceMs: Date.now() });
  });

  it('is told of when the cloud is back, with the time at which it was seen', async () => {
    for (const node of NODES) site.site.cutCloud(node);
    await untilAll('offline', ({ cloud }) => cloud.state === 'offline', 30_000);
    const owner = announcerOf(LATE);
    const before = site.logOf(owner).length;
    take(LATE);
    const fromMs = Date.now();
    claim(LATE);
    await eventually('a line of log', async () => site.linesOf(owner, before).find(({ byMac }) => byMac === peerMac));
    const toMs = Date.now();
    assert.deepEqual(await events(LATE), []);
    site.restoreCloud();
    const told = await eventually('an Event', async () => (await events(LATE))[0], 30_000);
    const at = Date.parse(told.eventTime);
    assert.ok(at >= fromMs - 50 && at <= toMs, `${told.eventTime}, not from ${fromMs} to ${toMs}`);
    const conflict = await eventually('a report', async () => conflictIn(await reportOf(owner), LATE), 30_000);
    const seen = Date.parse(conflict.since);
    assert.ok(seen >= fromMs - 50 && seen <= toMs, conflict.since);
  });
});
