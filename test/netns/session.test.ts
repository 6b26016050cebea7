import { strict as assert } from 'node:assert';
import { elect } from '../../edge-speaker/src/election/elect.ts';
import { Seeds } from '../../edge-speaker/src/election/seeds.ts';
import { Site } from '../support/netns/site.ts';
import { needSites } from '../support/netns/suite.ts';
import { PoolProcess } from '../support/pool-process.ts';
import { nowMs, until } from '../support/until.ts';

const ADDRESSES = ['192.168.10.240', '192.168.10.241', '192.168.10.242', '192.168.10.243'];
const NODES = ['a', 'b', 'c'];
const MIN_READY_SECONDS = 2;
const seeds = new Seeds();

describe('pool session between nodes of a site', function () {
  this.timeout(40_000);
  let site: Site;
  let members: PoolProcess[] = [];

  before(async function () {
    needSites(this);
    site = await Site.create({ prefix: 'yps', pools: [{ name: 'shop', nodes: NODES }] });
  });
  after(() => site?.close());
  beforeEach(async () => {
    members = NODES.map((node) => start(node));
    await until('in session, each address answered once', atRest, 30_000);
  });
  afterEach(async () => {
    for (const node of NODES) site.restoreLan(node);
    await killAll();
  });

  const start = (node: string) =>
    PoolProcess.start(site, 'shop', node, ADDRESSES, { site: { minReadySeconds: MIN_READY_SECONDS } });
  const killAll = async () => {
    for (const { child } of members) child.kill('SIGKILL');
    await Promise.all(members.map(({ exited }) => exited));
  };
  const holders = (address: string) => members.filter(({ answers }) => answers.has(address));
  const atRest = () =>
    members.every(({ alive }) => alive === members.length - 1) && ADDRESSES.every((a) => holders(a).length === 1);
  /** Who started first had everything for as long as nobody was ready. */
  const atElection = () =>
    atRest() && ADDRESSES.every((address) => holders(address)[0]?.node === elect(address, NODES, seeds));
  const anOwner = () => members.find(({ answers }) => answers.size > 0) ?? assert.fail('nobody answers');
  /** How long after `sinceMs` each address of `victim` was announced by another member, ms. */
  const takenOver = async (victim: PoolProcess, sinceMs: number): Promise<number[]> => {
    const held = [...victim.answers];
    const others = members.filter((member) => member !== victim);
    const when = (address: string) => others.flatMap((m) => m.announcedMs(address, sinceMs) ?? [])[0];
    await until('taken over', () => held.every((address) => when(address) !== undefined));
    return held.map((address) => (when(address) ?? 0) - sinceMs);
  };
  const report = (what: string, ms: number[]) =>
    console.log(`      ${what}: ${ms.map((m) => m.toFixed(1)).join(', ')} ms`);

  it('a killed process is replaced before its silence could tell', async () => {
    const victim = anOwner();
    const atMs = nowMs();
    victim.child.kill('SIGKILL');
    const gaps = await takenOver(victim, atMs);
    report('SIGKILL to announce', gaps);
    assert.ok(Math.max(...gaps) < 200);
  });

  it('a stopped process is replaced after three missed heartbeats, and wakes up humble', async () => {
    const victim = anOwner();
    const atMs = nowMs();
    victim.child.kill('SIGSTOP');
    const gaps = await takenOver(victim, atMs);
    report('SIGSTOP to announce', gaps);
    assert.ok(Math.min(...gaps) > 150 && Math.max(...gaps) < 1000);
    const wokenMs = nowMs();
    const held = [...victim.answers];
    victim.child.kill('SIGCONT');
    await until('doubts itself', () => held.every((a) => victim.withdrawnMs(a, wokenMs) !== undefined));
    await until('at rest', atRest);
  });

  it('a farewell hands over without a gap', async () => {
    const leaver = anOwner();
    const held = [...leaver.answers];
    const atMs = nowMs();
    leaver.child.kill('SIGTERM');
    await leaver.exited;
    const gaps = held.map((address) => {
      const taken = members.filter((m) => m !== leaver).flatMap((m) => m.announcedMs(address, atMs) ?? [])[0];
      return (taken ?? Infinity) - (leaver.withdrawnMs(address, atMs) ?? -Infinity);
    });
    report('announced after the withdrawal (negative: before it)', gaps);
    assert.ok(Math.max(...gaps) < 0);
  });

  it('a member that comes back takes its addresses again after minReadySeconds, once, and without a gap', async () => {
    await until('at the election', atElection);
    const victim = anOwner();
    const held = [...victim.answers];
    const killedMs = nowMs();
    victim.child.kill('SIGKILL');
    await takenOver(victim, killedMs);
    const back = start(victim.node);
    members = members.map((member) => (member === victim ? back : member));
    await until('in session', () => members.every(({ alive }) => alive === members.length - 1));
    const startedMs = back.events.find(({ event }) => event === 'started')?.atMs ?? Infinity;
    await until('taken back', () => held.every((address) => back.answers.has(address)));
    await until('at rest', atRest);
    const waits = held.map((address) => (back.announcedMs(address, startedMs) ?? 0) - startedMs);
    report('started to announce', waits);
    assert.ok(Math.min(...waits) >= MIN_READY_SECONDS * 1000 - 1);
    for (const address of held) {
      const changes = members.filter((m) => m !== back).flatMap((m) => m.withdrawnMs(address, startedMs) ?? []);
      assert.equal(changes.length, 1, 'one member hands it over');
      assert.ok((changes[0] ?? 0) > (back.announcedMs(address, startedMs) ?? Infinity), 'announced before the silence');
    }
  });

  it('a drained node hands over without a gap, and takes back what is its own when it is drained no more', async () => {
    await until('at the election', atElection);
    const drained = anOwner();
    const held = [...drained.answers];
    const atMs = nowMs();
    drained.tell('drain true');
    await until('handed over', () => drained.answers.size === 0);
    const gaps = held.map((address) => {
      const taken = members.filter((m) => m !== drained).flatMap((m) => m.announcedMs(address, atMs) ?? [])[0];
      return (taken ?? Infinity) - (drained.withdrawnMs(address, atMs) ?? -Infinity);
    });
    report('announced after the withdrawal (negative: before it)', gaps);
    assert.ok(Math.max(...gaps) < 0);
    drained.tell('drain false');
    await until('taken back', () => held.every((address) => drained.answers.has(address)));
  });

  it('a cut cable leaves one announcer on each side, and the heal ends in one', async () => {
    const victim = anOwner();
    site.cutLan(victim.node, { how: 'blackhole' });
    const atMs = nowMs();
    report('cut to announce', await takenOver(victim, atMs));
    await until(
      'the cut member is alone and answers',
      () => victim.alive === 0 && victim.answers.size === ADDRESSES.length,
    );
    const healedMs = nowMs();
    site.restoreLan(victim.node);
    await until('at rest', atRest);
    report('heal to rest', [nowMs() - healedMs]);
    const silent = ADDRESSES.map((a) => members.flatMap((m) => m.withdrawnMs(a, healedMs) ?? []));
    for (const each of silent) assert.equal(each.length, 1, 'one of the two falls silent, and nobody else');
    report(
      'heal to one answer',
      silent.flat().map((atMs) => atMs - healedMs),
    );
  });

  it('members meet by multicast where nobody named their addresses', async () => {
    await killAll();
    members = NODES.map((node) => PoolProcess.start(site, 'shop', node, ADDRESSES, { named: false }));
    await until('in session, each address answered once', atRest, 30_000);
  });
});
