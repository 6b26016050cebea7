import { strict as assert } from 'node:assert';
import { ipv4Value } from '@openyurt/nodepool-types';
import { arpRequest } from '../../edge-speaker/src/wire/arp.ts';
import { NdpProcess } from '../support/netns/ndp-process.ts';
import { needSites } from '../support/netns/suite.ts';
import { type Case, play } from './interface-case.ts';
import { InterfaceSite } from './interface-site.ts';

const LAN = '192.168.10.11/24';

const cases: Case[] = [
  {
    name: 'a bridge with an address: it answers with its own MAC, its port never',
    steps: [
      {
        what: 'eth0 becomes its port, the address stays behind for now',
        do: (site) =>
          site.ip(
            'link add br0 address 02:00:00:00:be:01 type bridge forward_delay 0 mcast_snooping 0',
            'link set br0 up',
            'link set eth0 master br0',
          ),
        silent: 'no-link',
      },
      { what: 'the bridge gets one', do: (site) => site.ip(`address add ${LAN} dev br0`), link: 'br0' },
      { what: 'the port leaves', do: (site) => site.ip('link set eth0 nomaster', 'link set br0 down'), link: 'eth0' },
      { what: 'and is back', do: (site) => site.ip('link set eth0 master br0', 'link set br0 up'), link: 'br0' },
      { what: 'another MAC', do: (site) => site.ip('link set br0 address 02:00:00:00:be:02'), link: 'br0' },
    ],
  },
  {
    name: 'a bridge of Docker, though it has the subnet: never',
    wire: (site) =>
      site.ip(
        'link add br-0123456789ab type bridge',
        'link set br-0123456789ab up',
        'address add 192.168.10.225/27 dev br-0123456789ab',
      ),
    steps: [{ what: 'the LAN', link: 'eth0' }],
  },
  {
    name: 'a macvlan with the subnet: its own MAC, also where its parent has an address too',
    wire: (site) =>
      site.ip(
        'link add mv0 link eth0 type macvlan mode bridge',
        'link set mv0 up',
        'address add 192.168.10.225/27 dev mv0',
      ),
    steps: [
      { what: 'the longer prefix', link: 'mv0' },
      { what: 'another MAC', do: (site) => site.ip('link set mv0 address 02:00:00:00:ac:02'), link: 'mv0' },
      { what: 'its parent goes down', do: (site) => site.ip('link set eth0 down'), silent: 'no-carrier' },
      { what: 'and comes back', do: (site) => site.ip('link set eth0 up'), link: 'mv0' },
      { what: 'deleted', do: (site) => site.ip('link delete mv0'), link: 'eth0' },
    ],
  },
];

describe('bridges and macvlans on a real node', () => {
  let site: InterfaceSite;
  const took: string[] = [];

  before(async function () {
    needSites(this);
    site = await InterfaceSite.create();
  });
  after(() => {
    site?.close();
    console.log(`      from the event to the answer on the wire, ms: ${took.join(', ')}`);
  });

  for (const one of cases) it(one.name, () => play(one, site, took)).timeout(60_000);

  it('a question of a VLAN that the node does not have is not for the interface below', async () => {
    const asked = '192.168.10.241';
    await site.renewNode();
    await site.announce();
    await site.announcer.announce(asked, false);
    const host = await NdpProcess.start(site.site, site.site.pool('shop').clientNs);
    const plain = arpRequest(Buffer.from(host.mac, 'hex'), ipv4Value('192.168.10.200'), ipv4Value(asked));
    const tagged = Buffer.concat([plain.subarray(0, 12), Buffer.from('81000064', 'hex'), plain.subarray(12)]);
    for (const frame of [tagged, plain]) await host.do({ do: 'send-frame', hex: frame.toString('hex') });
    await site.answers('eth0');
    const { counts } = await site.announcer.stats();
    assert.equal(counts[`arp_replies ${asked}`], 1);
  });
});
