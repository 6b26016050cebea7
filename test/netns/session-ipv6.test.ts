import { strict as assert } from 'node:assert';
import type { SiteNode } from '../support/netns/plan.ts';
import { Site } from '../support/netns/site.ts';
import { needSites } from '../support/netns/suite.ts';
import { PoolProcess, type PoolProcessOptions } from '../support/pool-process.ts';
import { nowMs, until } from '../support/until.ts';

const ADDRESSES = ['fd00:10::f0', 'fd00:10::f1', 'fd00:10::f2', 'fd00:10::f3'];
const NODES = ['a', 'b', 'c'];

/** The link-local address of a node on its LAN, with its zone. */
function linkLocal(site: Site, { ns }: SiteNode): string {
  const shown = site.exec(ns, 'ip', ['-j', '-6', 'address', 'show', 'dev', 'eth0', 'scope', 'link']).stdout;
  const [{ addr_info: [{ local = '' } = {}] = [] } = {}] = JSON.parse(shown) as { addr_info?: { local?: string }[] }[];
  return `${local}%eth0`;
}

describe('pool session on a LAN with IPv6', function () {
  this.timeout(60_000);
  let site: Site;
  let members: PoolProcess[] = [];

  beforeEach(async function () {
    needSites(this);
    site = await Site.create({ prefix: 'ys6', pools: [{ name: 'shop', nodes: NODES, lan6: 'fd00:10' }] });
  });
  afterEach(async () => {
    for (const { child } of members) child.kill('SIGKILL');
    await Promise.all(members.map(({ exited }) => exited));
    members = [];
    site?.close();
  });

  const withoutIpv4 = (...nodes: string[]) => {
    for (const node of nodes) site.exec(site.node(node).ns, 'ip', ['-4', 'address', 'flush', 'dev', 'eth0']);
  };
  const startAll = async (options: PoolProcessOptions) => {
    members = NODES.map((node) => PoolProcess.start(site, 'shop', node, ADDRESSES, options));
    await until('in session, each address answered once', atRest, 30_000);
  };
  const holders = (address: string) => members.filter(({ answers }) => answers.has(address));
  const atRest = () =>
    members.every(({ alive }) => alive === members.length - 1) && ADDRESSES.every((a) => holders(a).length === 1);
  const killOne = async () => {
    const victim = members.find(({ answers }) => answers.size > 0) ?? assert.fail('nobody answers');
    const atMs = nowMs();
    victim.child.kill('SIGKILL');
    const others = members.filter((member) => member !== victim);
    const took = (address: string) => others.some((member) => member.announcedMs(address, atMs) !== undefined);
    await until('taken over', () => [...victim.answers].every(took));
    return (
      Math.max(
        ...[...victim.answers].map((each) => others.flatMap((member) => member.announcedMs(each, atMs) ?? [])[0] ?? 0),
      ) - atMs
    );
  };

  it('alone: members that the Node list names meet, and one that is killed is replaced at once', async () => {
    withoutIpv4(...NODES);
    await startAll({ ipsOf: ({ lanIp6 = '' }) => [lanIp6] });
    const ms = await killOne();
    console.log(`      SIGKILL to announce: ${ms.toFixed(1)} ms`);
    assert.ok(ms < 200);
  });

  it('alone, and link-local: members meet by multicast where nobody named their addresses', async () => {
    withoutIpv4(...NODES);
    for (const node of NODES) {
      site.exec(site.node(node).ns, 'ip', ['-6', 'address', 'flush', 'dev', 'eth0', 'scope', 'global']);
    }
    await startAll({ named: false, ipsOf: (node) => [linkLocal(site, node)] });
    const ms = await killOne();
    console.log(`      SIGKILL to announce: ${ms.toFixed(1)} ms`);
    assert.ok(ms < 200);
  });

  it('beside IPv4: a member that has no IPv4 address meets those that have', async () => {
    withoutIpv4('c');
    const ipsOf = ({ name, lanIp, lanIp6 = '' }: SiteNode) => (name === 'c' ? [lanIp6] : [lanIp, lanIp6]);
    await startAll({ named: false, ipsOf });
  });
});
