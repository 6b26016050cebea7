import { strict as assert } from 'node:assert';
import { Site } from '../support/netns/site.ts';
import { needSites } from '../support/netns/suite.ts';
import { PoolProcess } from '../support/pool-process.ts';

const ADDRESSES = ['192.168.10.240', '192.168.10.241', '192.168.10.242', '192.168.10.243'];
const NODES = ['a', 'b', 'c'];
const nowMs = () => Number(process.hrtime.bigint()) / 1e6;

async function until(what: string, holds: () => boolean, withinMs = 10_000): Promise<void> {
  const endMs = nowMs() + withinMs;
  while (!holds()) {
    assert.ok(nowMs() < endMs, `not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

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
    members = NODES.map((node) => PoolProcess.start(site, 'shop', node, ADDRESSES));
    await until('in session, each address answered once', atRest);
  });
  afterEach(async () => {
    for (const node of NODES) site.restoreLan(node);
    await killAll();
  });

  const killAll = async () => {
    for (const { child } of members) child.kill('SIGKILL');
    await Promise.all(members.map(({ exited }) => exited));
  };
  const holders = (address: string) => members.filter(({ answers }) => answers.has(address));
  const atRest = () =>
    members.every(({ alive }) => alive === members.length - 1) && ADDRESSES.every((a) => holders(a).length === 1);
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
  });

  it('members meet by multicast where nobody named their addresses', async () => {
    await killAll();
    members = NODES.map((node) => PoolProcess.start(site, 'shop', node, ADDRESSES, false));
    await until('in session, each address answered once', atRest);
  });
});
