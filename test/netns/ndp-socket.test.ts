import { strict as assert } from 'node:assert';
import { digitsOf, readAdvertisement } from '../support/netns/ndp-frames.ts';
import { NdpProcess } from '../support/netns/ndp-process.ts';
import { Site } from '../support/netns/site.ts';
import { hears, isJoined, startSnooping } from '../support/netns/snooping.ts';
import { needSites } from '../support/netns/suite.ts';
import { until } from '../support/until.ts';

const VIP = 'fd00:10::ab:cdef';
const GROUP = 'ff02::1:ffab:cdef';
/** Has the same last 24 bits. */
const TWIN = 'fd00:20::99ab:cdef';

describe('the ICMPv6 socket of a link', () => {
  let site: Site;
  let node: NdpProcess;
  let client: NdpProcess;
  const nodeNs = () => site.node('a').ns;
  const groups = () => site.exec(nodeNs(), 'ip', ['-6', 'maddress', 'show', 'dev', 'eth0']).stdout;
  const inNode = (command: string) => {
    const { status, stderr } = site.exec(nodeNs(), 'sh', ['-c', command]);
    assert.equal(status, 0, stderr);
  };

  before(async function () {
    this.timeout(60_000); // several processes start on a machine that may be busy
    needSites(this);
    site = await Site.create({ prefix: 'ndps', pools: [{ name: 'shop', nodes: ['a'], lan6: 'fd00:10' }] });
    [node, client] = await Promise.all([
      NdpProcess.start(site, nodeNs()),
      NdpProcess.start(site, site.pool('shop').clientNs),
    ]);
    const addresses = () => site.exec(nodeNs(), 'ip', ['-6', 'address', 'show', 'dev', 'eth0']).stdout;
    await until('the link-local address stands', () => !/tentative/.test(addresses()));
    await node.do({ do: 'open' });
  });
  after(() => site?.close());

  it('lets a switch that snoops pass solicitations from the join on until it leaves', async () => {
    await startSnooping(site, 'shop', client, node);
    const { lanPort } = site.node('a');
    assert.equal(await hears(client, node, VIP), false, 'not before the join');
    const joined = await node.do({ do: 'join', addresses: [VIP, TWIN] });
    await until('the switch knows', () => isJoined(site, 'shop', lanPort, GROUP), 5_000);
    assert.equal(await hears(client, node, VIP), true);
    assert.equal(joined.kind === 'done' && joined.stats?.groups, 1);

    await node.do({ do: 'leave', addresses: [VIP, VIP] });
    assert.match(groups(), new RegExp(GROUP), 'another address needs the group');
    await node.do({ do: 'leave', addresses: [TWIN] });
    assert.doesNotMatch(groups(), new RegExp(GROUP));
    await until('the switch knows', () => !isJoined(site, 'shop', lanPort, GROUP));
    assert.equal(await hears(client, node, VIP), false, 'not after it left');
  });

  it('sends with hop limit 255 and the checksum filled in: to all from the link-local address, to one also', async () => {
    const message = (last: string) => `8800000020000000${digitsOf(`fd00:10::${last}`)}0201${node.mac}`;
    const linkLocal =
      /inet6 (fe80\S+)\//.exec(site.exec(nodeNs(), 'ip', ['-6', 'address', 'show', 'dev', 'eth0']).stdout)?.[1] ?? '';
    const cases = [
      { last: '1:1', to: 'ff02::1', source: linkLocal },
      { last: '1:2', to: site.pool('shop').clientIp6 ?? '', source: site.node('a').lanIp6 ?? '' },
    ];
    for (const { last, to, source } of cases) {
      await node.do({ do: 'send', hex: message(last), to, times: 1 });
      const target = digitsOf(`fd00:10::${last}`);
      const frame = await client.frame(`the message to ${to}`, (heard) => readAdvertisement(heard)?.target === target);
      const { toMac: _, ...heard } = readAdvertisement(frame) ?? { toMac: '' };
      assert.deepEqual(heard, {
        source: digitsOf(source),
        destination: digitsOf(to),
        hopLimit: 255,
        checksumRight: true,
        flags: 'O',
        target,
        mac: node.mac,
      });
    }
  });

  it('what the kernel refuses is counted, and the next message goes out', async () => {
    const before = await node.do({ do: 'send', hex: '88000000', to: 'ff02::1', times: 1 });
    const after = await node.do({ do: 'send', hex: '88000000', to: 'no address', times: 3 });
    assert.ok(before.kind === 'done' && after.kind === 'done' && before.stats && after.stats);
    assert.equal(after.stats.sendErrors - before.stats.sendErrors, 3);
    const last = await node.do({ do: 'send', hex: '88000000', to: 'ff02::1', times: 1 });
    assert.equal(last.kind === 'done' && last.stats?.sent, before.stats.sent + 1);
  });

  it('joins more groups than one socket holds, and leaves them all', async () => {
    const standing = groups().split('\n').length;
    const addresses = Array.from({ length: 5000 }, (_, i) => `fd00:10::77:${(i + 1).toString(16)}`);
    const joined = await node.do({ do: 'join', addresses });
    assert.equal(joined.kind === 'done' && joined.stats?.groups, 5000);
    assert.equal(groups().split('\n').length, standing + 5000);
    await node.do({ do: 'leave', addresses: addresses.slice(0, 4000) });
    assert.equal(groups().split('\n').length, standing + 1000);
    await node.do({ do: 'join', addresses: addresses.slice(0, 10) });
    await node.do({ do: 'leave', addresses });
    assert.equal(groups().split('\n').length, standing);
  });

  it('keeps its groups when the link goes down, comes back and gets another name', async () => {
    await node.do({ do: 'join', addresses: [VIP] });
    inNode('ip link set eth0 down && ip link set eth0 name lan7 && ip link set lan7 up && ip link set lan7 down');
    inNode('ip link set lan7 name eth0 && ip link set eth0 up');
    assert.match(groups(), new RegExp(GROUP));
    await node.do({ do: 'leave', addresses: [VIP] });
    assert.doesNotMatch(groups(), new RegExp(GROUP));
  });

  it('says that IPv6 is switched off, also when that happens later', async () => {
    const { mark } = node;
    inNode('echo 1 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6');
    await node.do({ do: 'send', hex: '88000000', to: 'ff02::1', times: 1 });
    const { message, remedy } = await node.next('useless', mark);
    assert.match(message, /LB_LINK_UNUSABLE.*eth0.*switched off/);
    assert.match(remedy, /net\.ipv6\.conf\.eth0\.disable_ipv6=0/);
    await node.do({ do: 'close' });
    await assert.rejects(node.do({ do: 'open' }), /LB_LINK_UNUSABLE.*switched off/);
    inNode('echo 0 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6');
    await node.do({ do: 'open' });
  });

  it('says that the interface is gone', async () => {
    const { mark } = node;
    inNode('ip link delete eth0');
    await node.do({ do: 'join', addresses: [VIP] });
    assert.match((await node.next('useless', mark)).message, /LB_LINK_UNUSABLE.*eth0.*ENODEV/);
    await assert.rejects(node.do({ do: 'open' }), /LB_LINK_UNUSABLE.*eth0/);
  });
});
