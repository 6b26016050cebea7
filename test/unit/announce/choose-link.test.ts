import { strict as assert } from 'node:assert';
import { BITS, formatIpAddress, type IpFamily } from '@openyurt/nodepool-types';
import fc from 'fast-check';
import { chooseLink } from '../../../edge-speaker/src/announce/choose-link.ts';
import type { Link } from '../../../edge-speaker/src/ports/links.ts';
import { memoryLink } from '../../support/memory-lan.ts';

const LAN4 = '192.168.10.240';
const LAN6 = 'fd00:10::f0';

/** @param subnets texts such as `192.168.10.11/24`, separated by blanks */
function link(index: number, name: string, subnets: string, change: Partial<Link> = {}): Link {
  const addresses = subnets
    .split(' ')
    .filter((subnet) => subnet !== '')
    .map((subnet) => {
      const [ip = '', bits] = subnet.split('/');
      return { ip, prefixBits: Number(bits), family: ip.includes(':') ? ('IPv6' as const) : ('IPv4' as const) };
    });
  return memoryLink({ index, name, addresses, defaultRouteOf: [], ...change });
}

const lo = link(1, 'lo', '127.0.0.1/8 ::1/128', { mac: Buffer.alloc(6) });
const uplink = link(2, 'eth0', '10.0.0.5/24 2001:db8::5/64 fe80::5/64', { defaultRouteOf: ['IPv4', 'IPv6'] });
const uplink4 = link(2, 'eth0', '10.0.0.5/24 fe80::5/64', { defaultRouteOf: ['IPv4'] });
const lan = link(3, 'eth1', '192.168.10.11/24 fd00:10::11/64 fe80::11/64');
const wifi = link(4, 'wlan0', '192.168.10.12/24 fd00:10::12/64 fe80::12/64');
const wide = link(5, 'bond0', '192.168.0.1/16 fd00::1/16');
const host = link(6, 'eth2', '192.168.10.240/32 fd00:10::f0/128');
const calico = link(7, 'cali12ab', '192.168.10.1/24 fd00:10::1/64');
const tunnel = link(8, 'ppp0', '192.168.10.9/24 fd00:10::9/64', { mac: Buffer.alloc(0) });
const vethNamedEth = link(9, 'eth0', '192.168.10.13/24 fd00:10::13/64', { kind: 'veth' });
const elsewhere = link(3, 'eth1', '172.16.0.1/24 fd99::1/64');
const port = link(10, 'eth0', '192.168.10.14/24 fd00:10::14/64', { portOf: 11 });
const bridge = link(11, 'br0', '192.168.10.15/24 fd00:10::15/64', { kind: 'bridge' });
const oddPrefix = link(12, 'eth3', '192.168.10.224/27 fd00:10::e0/121');

describe('chooseLink', () => {
  const cases: { name: string; links: Link[]; patterns?: string[]; want: string | undefined }[] = [
    { name: 'the subnet that holds it', links: [lo, uplink, lan], want: 'eth1' },
    {
      name: 'the default route where no subnet does',
      links: [lo, uplink, elsewhere],
      want: 'eth0',
    },
    { name: 'none at all', links: [lo, elsewhere], want: undefined },
    { name: 'the longer prefix', links: [wide, lan], want: 'eth1' },
    { name: 'the lower index among equals', links: [wifi, lan], want: 'eth1' },
    { name: 'the one with carrier among equals', links: [{ ...lan, carrier: false }, wifi], want: 'wlan0' },
    {
      name: 'the default route among equals',
      links: [lan, { ...wifi, defaultRouteOf: ['IPv4', 'IPv6'] }],
      want: 'wlan0',
    },
    { name: 'no other LAN because a cable is out', links: [uplink, { ...lan, carrier: false }], want: 'eth1' },
    { name: 'a /32 is no LAN', links: [host, uplink], want: 'eth0' },
    { name: 'never a Pod interface', links: [calico, uplink], want: 'eth0' },
    { name: 'never one without Ethernet', links: [tunnel, uplink], want: 'eth0' },
    { name: 'a veth that is the LAN port', links: [vethNamedEth], want: 'eth0' },
    { name: 'by name, although the subnet is elsewhere', links: [lan, uplink], patterns: ['eth0'], want: 'eth0' },
    { name: 'by pattern, then by subnet', links: [uplink, lan, wifi], patterns: ['eth*'], want: 'eth1' },
    {
      name: 'no other LAN of those named because the cable of the default route is out',
      links: [elsewhere, { ...uplink, carrier: false }],
      patterns: ['eth*'],
      want: 'eth0',
    },
    {
      name: 'the first of those named that is up, where none has the subnet or the default route',
      links: [{ ...elsewhere, up: false }, link(8, 'eth7', '')],
      patterns: ['eth*'],
      want: 'eth7',
    },
    { name: 'no link of that name', links: [lan, uplink], patterns: ['enp*'], want: undefined },
    { name: 'a pattern is no expression', links: [lan], patterns: ['eth.', 'eth[0-9]', '^eth1$'], want: undefined },
    { name: 'never the port of a bridge', links: [port, bridge], want: 'br0' },
    { name: 'not even by name', links: [port, bridge], patterns: ['eth0'], want: undefined },
    { name: 'a prefix that ends inside a byte', links: [lan, oddPrefix], want: 'eth3' },
    { name: 'a virtual one never, not even by name', links: [calico], patterns: ['cali*'], want: undefined },
  ];
  for (const { name, links, patterns = [], want } of cases) {
    it(`${name}, in both families`, () => {
      for (const address of [LAN4, LAN6]) assert.equal(chooseLink(address, links, patterns)?.name, want, address);
    });
  }

  const sixes: { name: string; links: Link[]; want: string | undefined }[] = [
    { name: 'the default route of IPv4 is none of IPv6', links: [uplink4], want: undefined },
    {
      name: 'each family has its own default route',
      links: [uplink4, { ...elsewhere, defaultRouteOf: ['IPv6'] }],
      want: 'eth1',
    },
    { name: 'an IPv4 subnet holds no IPv6 address', links: [link(3, 'eth1', '0.0.0.0/0')], want: undefined },
    { name: 'a link-local subnet holds none either', links: [link(3, 'eth1', 'fe80::1/3')], want: undefined },
    {
      name: 'the bits behind a /64 do not matter',
      links: [link(3, 'eth1', 'fd00:10::ffff:ffff:ffff:1/64')],
      want: 'eth1',
    },
    { name: 'a bit before it does', links: [link(3, 'eth1', 'fd00:10:0:1::1/64')], want: undefined },
    {
      name: 'an address that failed duplicate detection still tells its subnet',
      links: [{ ...lan, addresses: lan.addresses.map((one) => ({ ...one, duplicate: true as const })) }],
      want: 'eth1',
    },
  ];
  for (const { name, links, want } of sixes) {
    it(`IPv6: ${name}`, () => assert.equal(chooseLink(LAN6, links, [])?.name, want));
  }

  it('a link-local address belongs nowhere', () => {
    for (const patterns of [[], ['eth0']]) assert.equal(chooseLink('fe80::f0', [uplink], patterns), undefined);
  });

  it('words and masks agree with numbers, for every prefix of both families', () => {
    const inBytes = (size: number) => fc.bigInt({ min: 0n, max: (1n << BigInt(size)) - 1n });
    const cases = fc.constantFrom<IpFamily>('IPv4', 'IPv6').chain((family) =>
      fc.record({
        family: fc.constant(family),
        own: inBytes(BITS[family]),
        near: fc.nat({ max: BITS[family] - 1 }),
        prefixBits: fc.integer({ min: 1, max: BITS[family] - 1 }),
      }),
    );
    fc.assert(
      fc.property(cases, ({ family, own, near, prefixBits }) => {
        const asked = own ^ (1n << BigInt(near)); // one bit differs
        const ip = formatIpAddress({ family, value: own });
        fc.pre(!/^(::ffff:|fe[89ab])/.test(ip) && !formatIpAddress({ family, value: asked }).startsWith('::ffff:'));
        const one = memoryLink({ addresses: [{ ip, prefixBits, family }], defaultRouteOf: [] });
        const found = chooseLink(formatIpAddress({ family, value: asked }), [one], []);
        assert.equal(found === one, near < BITS[family] - prefixBits);
      }),
    );
  });

  it('the same interface, whatever the order of the list', () => {
    const twins = [lan, wifi, wide, uplink, bridge];
    fc.assert(
      fc.property(fc.shuffledSubarray(twins, { minLength: twins.length }), (links) => {
        for (const address of [LAN4, LAN6]) assert.equal(chooseLink(address, links, [])?.name, 'eth1');
      }),
    );
  });

  for (const name of [
    'veth1a2b',
    'cni0',
    'docker0',
    'br-0123456789ab',
    'flannel.1',
    'kube-ipvs0',
    'raven-wg0',
    'tunl0',
  ]) {
    it(`${name} is virtual`, () => assert.equal(chooseLink(LAN4, [{ ...lan, name }], []), undefined));
  }
  for (const name of ['eth0', 'enp3s0', 'eno1', 'wlan0', 'br0', 'br-lan', 'bond0', 'eth0.100', 'end0', 'vmbr0']) {
    it(`${name} is not`, () => assert.equal(chooseLink(LAN4, [{ ...lan, name }], [])?.name, name));
  }
});
