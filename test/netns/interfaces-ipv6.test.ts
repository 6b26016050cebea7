import { NdpProcess } from '../support/netns/ndp-process.ts';
import { routerAdvertisement } from '../support/netns/router-advertisement.ts';
import { needSites } from '../support/netns/suite.ts';
import { type Case, play, second } from './interface-case.ts';
import { FAR6, InterfaceSite } from './interface-site.ts';

const LAN = 'fd00:10::11/64';
const LAN4 = '192.168.10.11/24';

const cases: Case[] = [
  {
    name: 'the subnet goes before the default route, which is of IPv6 alone',
    wire: (site) => second(site),
    steps: [
      { what: 'the subnet', link: 'eth0' },
      { what: 'the default route', address: FAR6, link: 'eth0' },
      {
        what: 'that of IPv4 moves',
        do: (site) => site.ip('route replace default dev eth1'),
        address: FAR6,
        link: 'eth0',
      },
      { what: 'that of IPv6 goes', do: (site) => site.ip('-6 route delete default'), address: FAR6, silent: 'no-link' },
      {
        what: 'another comes',
        do: (site) => site.ip('-6 route add default via fe80::1 dev eth1'),
        address: FAR6,
        link: 'eth1',
      },
      {
        what: 'a lower metric',
        do: (site) => site.ip('-6 route add default via fe80::1 dev eth0 metric 512'),
        address: FAR6,
        link: 'eth0',
      },
      {
        what: 'over two hops, with the lowest',
        do: (site) =>
          site.ip('-6 route add default metric 8 nexthop via fe80::1 dev eth1 nexthop via fe80::2 dev eth0'),
        address: FAR6,
        link: 'eth1',
      },
    ],
  },
  {
    name: 'link-local subnets and a /128 say nothing',
    wire: (site) =>
      site.ip(
        '-6 route delete default',
        `address delete ${LAN} dev eth0`,
        'address add fd00:10::11/128 dev eth0 nodad',
      ),
    steps: [
      { what: 'a host', silent: 'no-link' },
      { what: 'a subnet', do: (site) => site.ip('address add fd00:10::12/64 dev eth0 nodad'), link: 'eth0' },
    ],
  },
  {
    name: 'renamed, re-addressed, and another interface with the subnet',
    wire: (site) => second(site),
    steps: [
      {
        what: 'the subnet moves',
        do: (site) => site.ip(`address delete ${LAN} dev eth0`, `address add ${LAN} dev eth1 nodad`),
        link: 'eth1',
      },
      { what: 'set down, so its addresses go', do: (site) => site.ip('link set eth1 down'), link: 'eth0' },
      {
        what: 'renamed, and back with its address',
        do: (site) => site.ip('link set eth1 name lan1', 'link set lan1 up', `address add ${LAN} dev lan1 nodad`),
        link: 'lan1',
      },
      { what: 'named', do: (site) => site.allow('eth*'), link: 'eth0' },
    ],
  },
  {
    name: 'down, back, out, in, unplugged, plugged',
    wire: (site) => site.keepAddresses('eth0'),
    steps: [
      { what: 'down', do: (site) => site.ip('link set eth0 down'), silent: 'link-down' },
      { what: 'back', do: (site) => site.ip('link set eth0 up'), link: 'eth0' },
      { what: 'its cable is pulled', do: (site) => site.cable('p1', 'down'), silent: 'no-carrier' },
      { what: 'its cable is back', do: (site) => site.cable('p1', 'up'), link: 'eth0' },
      {
        what: 'another is plugged, with a longer prefix',
        do: (site) => second(site, 'fd00:10::e1/121 nodad'),
        link: 'eth1',
      },
      { what: 'and unplugged', do: (site) => site.ip('link delete eth1'), link: 'eth0' },
    ],
  },
  {
    name: 'two interfaces on one LAN: one answers',
    wire: (site) => second(site, 'fd00:10::12/64 nodad'),
    steps: [
      { what: 'both up', link: 'eth0' },
      { what: 'its cable is pulled', do: (site) => site.cable('p1', 'down'), link: 'eth1' },
      { what: 'its cable is back', do: (site) => site.cable('p1', 'up'), link: 'eth0' },
    ],
  },
  {
    name: 'a bridge and a macvlan with the subnet: their own MACs, old and new',
    wire: (site) =>
      site.ip(
        'link add br0 address 02:00:00:00:be:01 type bridge forward_delay 0 mcast_snooping 0',
        'link set br0 up',
        'link set eth0 master br0',
        `address delete ${LAN} dev eth0`,
        `address delete ${LAN4} dev eth0`,
        `address add ${LAN} dev br0 nodad`,
      ),
    steps: [
      { what: 'the bridge', link: 'br0' },
      { what: 'another MAC', do: (site) => site.ip('link set br0 address 02:00:00:00:be:02'), link: 'br0' },
      {
        what: 'a macvlan on it',
        do: (site) =>
          site.ip(
            'link add mv0 link br0 type macvlan mode bridge',
            'link set mv0 up',
            'address add fd00:10::e0/121 dev mv0 nodad',
          ),
        link: 'mv0',
      },
      { what: 'its MAC', do: (site) => site.ip('link set mv0 address 02:00:00:00:ac:02'), link: 'mv0' },
    ],
  },
];

describe('which interface for IPv6, on a real node', () => {
  let site: InterfaceSite;
  const took: string[] = [];

  before(async function () {
    needSites(this);
    site = await InterfaceSite.create({ family: 'IPv6' });
  });
  after(() => {
    site?.close();
    console.log(`      from the event to the answer on the wire, ms: ${took.join(', ')}`);
  });

  for (const one of cases) it(one.name, () => play(one, site, took)).timeout(60_000);

  it('routers that advertise themselves: the one of higher preference, until it takes that back', async () => {
    await site.renewNode();
    second(site);
    site.ip('-6 route delete default');
    await site.announce();
    await site.silent('no-link', FAR6);
    const router = await NdpProcess.start(site.site, site.site.pool('shop').clientNs);
    const advertise = async (heardBy: string, frame: Buffer) => {
      for (const link of ['eth0', 'eth1']) site.acceptRouters(link, link === heardBy);
      site.begin();
      await router.do({ do: 'send-frame', hex: frame.toString('hex') });
    };
    const mac = Buffer.from(router.mac, 'hex');
    await advertise(
      'eth0',
      routerAdvertisement({ mac, source: 'fe80::aa', preference: 'medium', lifetimeSeconds: 1800 }),
    );
    await site.answers('eth0', FAR6);
    await advertise(
      'eth1',
      routerAdvertisement({ mac, source: 'fe80::bb', preference: 'high', lifetimeSeconds: 1800 }),
    );
    took.push(`a router advertises itself ${(await site.answers('eth1', FAR6)).ms}`);
    await advertise('eth1', routerAdvertisement({ mac, source: 'fe80::bb', preference: 'high', lifetimeSeconds: 0 }));
    took.push(`and takes it back ${(await site.answers('eth0', FAR6)).ms}`);
  });
});
