import { strict as assert } from 'node:assert';
import { type SessionLinkWishes, sessionLinks } from '../../../edge-speaker/src/drive/session-links.ts';
import type { Link } from '../../../edge-speaker/src/ports/links.ts';

const link = (name: string, ip: string | undefined, more: Partial<Link> = {}): Link => ({
  index: 1,
  name,
  mac: Buffer.from([2, 0, 0, 0, 0, 1]),
  up: true,
  carrier: true,
  addresses: ip === undefined ? [] : [{ ip, prefixBits: 24, family: 'IPv4' }],
  defaultRouteOf: [],
  ...more,
});
const LAN = link('eth0', '192.168.1.11');
const UPLINK = link('wwan0', '10.0.0.2');
const NOTHING: SessionLinkWishes = { announcing: new Set<string>(), internalIps: [], patterns: [] };

describe('session links', () => {
  const cases: { name: string; links: Link[]; wishes?: Partial<SessionLinkWishes>; want: string[] }[] = [
    { name: 'every LAN link while nothing is known', links: [LAN, UPLINK], want: ['eth0', 'wwan0'] },
    {
      name: 'the link of the InternalIP',
      links: [LAN, UPLINK],
      wishes: { internalIps: ['10.0.0.2'] },
      want: ['wwan0'],
    },
    {
      name: 'where addresses are announced, whatever the InternalIP',
      links: [LAN, UPLINK],
      wishes: { announcing: new Set(['eth0']), internalIps: ['10.0.0.2'] },
      want: ['eth0'],
    },
    { name: 'only links that the site names', links: [LAN, UPLINK], wishes: { patterns: ['wwan*'] }, want: ['wwan0'] },
    { name: 'no link of Pods', links: [LAN, link('cni0', '10.244.0.1')], want: ['eth0'] },
    {
      name: 'none without a carrier, none that is down',
      links: [link('eth0', '1.2.3.4', { carrier: false }), link('eth1', '1.2.3.5', { up: false })],
      want: [],
    },
    { name: 'no port of a bridge', links: [link('eth0', '192.168.1.9', { portOf: 5 }), LAN], want: ['eth0'] },
    { name: 'none without an address', links: [link('eth0', undefined)], want: [] },
  ];
  for (const { name, links, wishes, want } of cases) {
    it(name, () =>
      assert.deepEqual(
        sessionLinks(links, { ...NOTHING, ...wishes }).map((one) => one.name),
        want,
      ),
    );
  }

  const V4 = { ip: '192.168.1.11', prefixBits: 24, family: 'IPv4' } as const;
  const ULA = { ip: 'fd00:10::11', prefixBits: 64, family: 'IPv6' } as const;
  const LINK_LOCAL = { ip: 'fe80::11', prefixBits: 64, family: 'IPv6' } as const;
  const addressed: { name: string; addresses: Link['addresses']; want: string[] | undefined }[] = [
    { name: 'both families, IPv4 first', addresses: [LINK_LOCAL, ULA, V4], want: ['192.168.1.11', 'fd00:10::11'] },
    { name: 'IPv6 alone', addresses: [LINK_LOCAL, ULA], want: ['fd00:10::11'] },
    {
      name: 'a link-local address with its zone where there is no other',
      addresses: [LINK_LOCAL],
      want: ['fe80::11%eth0'],
    },
    {
      name: 'an address that is tentative still, beside one that is not',
      addresses: [{ ...ULA, tentative: true }, LINK_LOCAL],
      want: ['fe80::11%eth0'],
    },
    {
      name: 'an address that another host has',
      addresses: [{ ...ULA, duplicate: true }, LINK_LOCAL],
      want: ['fe80::11%eth0'],
    },
    { name: 'tentative addresses alone: none yet', addresses: [{ ...LINK_LOCAL, tentative: true }], want: undefined },
  ];
  for (const { name, addresses, want } of addressed) {
    it(`where a link has ${name}`, () => {
      const [one] = sessionLinks([link('eth0', undefined, { addresses })], NOTHING);
      assert.deepEqual(one?.ips, want);
    });
  }
});
