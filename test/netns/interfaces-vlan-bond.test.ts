import { strict as assert } from 'node:assert';
import type { IpFamily } from '@openyurt/nodepool-types';
import { needSites } from '../support/netns/suite.ts';
import { skipUnless } from '../support/require.ts';
import { canRunUml, kernelMakes, runInUml } from '../support/uml/uml.ts';
import { type Case, play, second } from './interface-case.ts';
import { InterfaceSite } from './interface-site.ts';

const LANS: Record<IpFamily, string> = { IPv4: '192.168.10.11/24', IPv6: 'fd00:10::11/64' };
const MODULES = ['af_packet', 'ipv6', 'bridge', 'veth', '8021q', 'bonding'];
const TAGGED = 'eth0.100';
const FILE = 'test/netns/interfaces-vlan-bond.test.ts';

/** What takes the LAN's address of a family from an interface and gives it to another. */
const move = (family: IpFamily, from: string, to: string) => {
  const nodad = family === 'IPv6' ? ' nodad' : '';
  return [`address delete ${LANS[family]} dev ${from}`, `address add ${LANS[family]} dev ${to}${nodad}`];
};

const vlan = (family: IpFamily): Case => ({
  name: `${family}: a VLAN with the subnet: what was asked with its tag is answered with its tag, the rest not`,
  wire: (site) =>
    site.ip(
      'link add link eth0 name eth0.100 type vlan id 100',
      'link set eth0.100 up',
      ...move(family, 'eth0', 'eth0.100'),
      ...(family === 'IPv6' ? ['-6 route delete default'] : []),
    ),
  steps: [
    { what: 'the VLAN', link: 'eth0.100', asker: TAGGED, unheard: 'eth0' },
    ...(family === 'IPv6'
      ? []
      : [
          {
            what: 'its parent goes down',
            do: (site: InterfaceSite) => site.ip('link set eth0 down'),
            silent: 'link-down',
          },
          {
            what: 'and comes back',
            do: (site: InterfaceSite) => site.ip('link set eth0 up'),
            link: 'eth0.100',
            asker: TAGGED,
          },
        ]),
    {
      what: 'the subnet moves to its parent',
      do: (site) => site.ip(...move(family, 'eth0.100', 'eth0')),
      link: 'eth0',
      unheard: TAGGED,
    },
    { what: 'nobody has the VLAN', do: (site) => site.ip('link delete eth0.100'), link: 'eth0', unheard: TAGGED },
  ],
});

/** eth0 and eth1 as ports of an active-backup bond that has the LAN's subnet; on eth0 an IPv4 address was left. */
const bond = (family: IpFamily, failOverMac: string): Case => ({
  name: `${family}: a bond with fail_over_mac ${failOverMac}: it answers, with the MAC it has, its ports never`,
  wire: (site) => {
    second(site);
    site.ip(
      `link add bond0 type bond mode active-backup miimon 20 fail_over_mac ${failOverMac}`,
      'link set eth0 down',
      'link set eth1 down',
      'link set eth0 master bond0',
      'link set eth1 master bond0',
      'link set bond0 up',
      `address add ${LANS[family]} dev bond0${family === 'IPv6' ? ' nodad' : ''}`,
    );
  },
  steps: [
    { what: 'the bond', link: 'bond0' },
    { what: 'the active port loses its cable', do: (site) => site.cable('p1', 'down'), link: 'bond0' },
    { what: 'the other one too', do: (site) => site.cable(site.lastPort, 'down'), silent: 'no-carrier' },
    { what: 'one is back', do: (site) => site.cable('p1', 'up'), link: 'bond0' },
  ],
});

/** Both ends of VLAN 100 beside the untagged LAN, whose addresses they have too. */
const WIRES: Record<IpFamily, { client: string[]; switch: string[] }> = {
  IPv4: { client: ['192.168.10.201/24'], switch: ['192.168.10.1/24'] },
  IPv6: { client: ['fd00:10::201/64 nodad'], switch: ['fd00:10::1/64 nodad'] },
};
const tagged = (parent: string, addresses: readonly string[]) => [
  `link add link ${parent} name ${parent}.100 type vlan id 100`,
  `link set ${parent}.100 up`,
  ...addresses.map((address) => `address add ${address.replace(/( nodad)?$/, ` dev ${parent}.100$1`)}`),
];

if (!kernelMakes(['vlan', 'bond']) && process.env.INSIDE_UML !== '1') {
  describe('VLANs and bonds, in a kernel that has them', () => {
    it('pass', async function () {
      needSites(this);
      skipUnless(this, canRunUml());
      this.timeout(600_000);
      assert.equal(await runInUml(FILE, MODULES), 0);
    });
  });
} else {
  for (const family of ['IPv4', 'IPv6'] as const) {
    describe(`VLANs and bonds on a real node, ${family}`, () => {
      let site: InterfaceSite;
      const took: string[] = [];

      before(async function () {
        needSites(this);
        const wire = { client: tagged('eth0', WIRES[family].client), switch: tagged('lan0', WIRES[family].switch) };
        site = await InterfaceSite.create({ family, askers: ['eth0', TAGGED], wire });
      });
      after(() => {
        site?.close();
        console.log(`      from the event to the answer on the wire, ms: ${took.join(', ')}`);
      });

      for (const one of [vlan(family), bond(family, family === 'IPv4' ? 'active' : 'none')]) {
        it(one.name, () => play(one, site, took)).timeout(240_000);
      }
    });
  }
}
