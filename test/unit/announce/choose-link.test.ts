import { strict as assert } from 'node:assert';
import { chooseLink } from '../../../edge-speaker/src/announce/choose-link.ts';
import type { Link } from '../../../edge-speaker/src/ports/links.ts';
import { memoryLink } from '../../support/memory-lan.ts';

function link(index: number, name: string, subnet: string | undefined, change: Partial<Link> = {}): Link {
  const [ip = '', bits] = subnet?.split('/') ?? [];
  const addresses = subnet === undefined ? [] : [{ ip, prefixBits: Number(bits), family: 'IPv4' as const }];
  return memoryLink({ index, name, addresses, isDefaultRoute: false, ...change });
}

const lo = link(1, 'lo', '127.0.0.1/8', { mac: Buffer.alloc(6) });
const uplink = link(2, 'eth0', '10.0.0.5/24', { isDefaultRoute: true });
const lan = link(3, 'eth1', '192.168.10.11/24');
const wifi = link(4, 'wlan0', '192.168.10.12/24');
const wide = link(5, 'bond0', '192.168.0.1/16');
const host = link(6, 'eth2', '192.168.10.240/32');
const calico = link(7, 'cali12ab', '192.168.10.1/24');
const tunnel = link(8, 'ppp0', '192.168.10.9/24', { mac: Buffer.alloc(0) });
const vethNamedEth = link(9, 'eth0', '192.168.10.13/24', { kind: 'veth' });

describe('chooseLink', () => {
  const cases: { name: string; links: Link[]; patterns?: string[]; want: string | undefined }[] = [
    { name: 'the subnet that holds it', links: [lo, uplink, lan], want: 'eth1' },
    {
      name: 'the default route where no subnet does',
      links: [lo, uplink, link(3, 'eth1', '172.16.0.1/24')],
      want: 'eth0',
    },
    { name: 'none at all', links: [lo, link(3, 'eth1', '172.16.0.1/24')], want: undefined },
    { name: 'the longer prefix', links: [wide, lan], want: 'eth1' },
    { name: 'the lower index among equals', links: [wifi, lan], want: 'eth1' },
    { name: 'the one with carrier among equals', links: [{ ...lan, carrier: false }, wifi], want: 'wlan0' },
    { name: 'the default route among equals', links: [lan, { ...wifi, isDefaultRoute: true }], want: 'wlan0' },
    { name: 'no other LAN because a cable is out', links: [uplink, { ...lan, carrier: false }], want: 'eth1' },
    { name: 'a /32 is no LAN', links: [host, uplink], want: 'eth0' },
    { name: 'never a Pod interface', links: [calico, uplink], want: 'eth0' },
    { name: 'never one without Ethernet', links: [tunnel, uplink], want: 'eth0' },
    { name: 'a veth that is the LAN port', links: [vethNamedEth], want: 'eth0' },
    { name: 'by name, although the subnet is elsewhere', links: [lan, uplink], patterns: ['eth0'], want: 'eth0' },
    { name: 'by pattern, then by subnet', links: [uplink, lan, wifi], patterns: ['eth*'], want: 'eth1' },
    { name: 'no link of that name', links: [lan, uplink], patterns: ['enp*'], want: undefined },
    { name: 'a pattern is no expression', links: [lan], patterns: ['eth.', 'eth[0-9]', '^eth1$'], want: undefined },
    { name: 'a virtual one never, not even by name', links: [calico], patterns: ['cali*'], want: undefined },
  ];
  for (const { name, links, patterns = [], want } of cases) {
    it(name, () => assert.equal(chooseLink('192.168.10.240', links, patterns)?.name, want));
  }

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
    it(`${name} is virtual`, () => assert.equal(chooseLink('192.168.10.240', [{ ...lan, name }], []), undefined));
  }
  for (const name of ['eth0', 'enp3s0', 'eno1', 'wlan0', 'br0', 'br-lan', 'bond0', 'eth0.100', 'end0', 'vmbr0']) {
    it(`${name} is not`, () => assert.equal(chooseLink('192.168.10.240', [{ ...lan, name }], [])?.name, name));
  }
});
