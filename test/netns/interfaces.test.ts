import { strict as assert } from 'node:assert';
import { needSites } from '../support/netns/suite.ts';
import { type Case, play, second } from './interface-case.ts';
import { FAR, InterfaceSite } from './interface-site.ts';

const LAN = '192.168.10.11/24';
const GATEWAY = 'default via 192.168.10.1';

const cases: Case[] = [
  {
    name: 'the subnet goes before the default route, and the default route before nothing',
    wire: (site) => second(site),
    steps: [
      { what: 'the subnet', link: 'eth0' },
      { what: 'the default route', address: FAR, link: 'eth0' },
      {
        what: 'the default route moves',
        do: (site) => site.ip('route replace default dev eth1'),
        address: FAR,
        link: 'eth1',
      },
      { what: 'the subnet stays', link: 'eth0' },
      { what: 'no default route', do: (site) => site.ip('route delete default'), address: FAR, silent: 'no-link' },
      {
        what: 'a better one comes',
        do: (site) => site.ip('route add default dev eth1 metric 5'),
        address: FAR,
        link: 'eth1',
      },
      {
        what: 'a better one still',
        do: (site) => site.ip(`route add ${GATEWAY} metric 1`),
        address: FAR,
        link: 'eth0',
      },
      { what: 'it goes', do: (site) => site.ip('route delete default metric 1'), address: FAR, link: 'eth1' },
      {
        what: 'a nexthop object',
        do: (site) => site.ip('nexthop add id 7 dev eth0', 'route add default nhid 7 metric 2'),
        address: FAR,
        link: 'eth0',
      },
      { what: 'which moves', do: (site) => site.ip('nexthop replace id 7 dev eth1'), address: FAR, link: 'eth1' },
    ],
  },
  {
    name: 'interfaces: of the site goes before the subnet; a renamed interface is judged anew',
    wire: (site) => second(site),
    steps: [
      { what: 'named', do: (site) => site.allow('eth1'), link: 'eth1' },
      {
        what: 'renamed away',
        do: (site) => site.ip('link set eth1 down', 'link set eth1 name lan1', 'link set lan1 up'),
        silent: 'no-link',
      },
      { what: 'a pattern', do: (site) => site.allow('lan*'), link: 'lan1' },
      {
        what: 'another gets a name that fits, and has the subnet',
        do: (site) => site.ip('link set eth0 down', 'link set eth0 name lan0', 'link set lan0 up'),
        link: 'lan0',
      },
    ],
  },
  {
    name: 'renamed: the same interface answers on, under its new name',
    steps: [
      {
        what: 'renamed',
        do: (site) => site.ip('link set eth0 down', 'link set eth0 name lan0', 'link set lan0 up'),
        link: 'lan0',
      },
    ],
  },
  {
    name: 're-addressed: the address follows its subnet',
    wire: (site) => second(site),
    steps: [
      {
        what: 'the subnet moves',
        do: (site) => site.ip('route delete default', `address delete ${LAN} dev eth0`, `address add ${LAN} dev eth1`),
        link: 'eth1',
      },
      { what: 'no subnet', do: (site) => site.ip(`address delete ${LAN} dev eth1`), silent: 'no-link' },
      {
        what: 'a longer prefix',
        do: (site) => site.ip(`address add ${LAN} dev eth1`, 'address add 192.168.10.225/27 dev eth0'),
        link: 'eth0',
      },
    ],
  },
  {
    name: 'two interfaces on one LAN: one of them answers, the other when that is down, and the first again',
    wire: (site) => second(site, '192.168.10.12/24'),
    steps: [
      { what: 'both up', link: 'eth0' },
      { what: 'the first is down', do: (site) => site.ip('link set eth0 down'), link: 'eth1' },
      { what: 'both down', do: (site) => site.ip('link set eth1 down'), silent: 'link-down' },
      { what: 'the first is back', do: (site) => site.ip('link set eth0 up'), link: 'eth0' },
      { what: 'both are back', do: (site) => site.ip('link set eth1 up'), link: 'eth0' },
      { what: 'its cable is pulled', do: (site) => site.cable('p1', 'down'), link: 'eth1' },
      { what: 'its cable is back', do: (site) => site.cable('p1', 'up'), link: 'eth0' },
    ],
  },
  {
    name: 'hot-plugged and unplugged',
    wire: (site) => site.ip('route delete default', `address delete ${LAN} dev eth0`),
    steps: [
      { what: 'no subnet yet', silent: 'no-link' },
      { what: 'plugged', do: (site) => second(site, LAN), link: 'eth1' },
      { what: 'unplugged', do: (site) => site.ip('link delete eth1'), silent: 'no-link' },
      { what: 'another in its place', do: (site) => second(site, LAN), link: 'eth1' },
    ],
  },
];

describe('which interface, on a real node', () => {
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

  it('more news than the kernel keeps for us: everything is read again', async () => {
    await site.renewNode();
    second(site);
    await site.announce();
    await site.answers('eth0');
    const { pid } = site.announcer;
    process.kill(pid, 'SIGSTOP');
    for (let i = 0; i < 20; i++) site.flap('eth0', 50);
    site.ip(`address delete ${LAN} dev eth0`, `address add ${LAN} dev eth1`);
    assert.ok(site.lostNews() > 0, 'the kernel had room for all of it');
    site.begin();
    process.kill(pid, 'SIGCONT');
    const { ms } = await site.answers('eth1');
    took.push(`an overrun ${ms}`);
  });
});
