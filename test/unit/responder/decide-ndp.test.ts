import { strict as assert } from 'node:assert';
import { AnnouncementTable } from '../../../edge-speaker/src/responder/announcement-table.ts';
import { decideNdp, type NdpDecision } from '../../../edge-speaker/src/responder/decide-ndp.ts';
import { type Listener, tooLate } from '../../../edge-speaker/src/responder/decision.ts';
import { NDP_DROP_REASONS } from '../../../edge-speaker/src/responder/drop-reason.ts';
import { NdpView } from '../../../edge-speaker/src/wire/ndp.ts';
import { NDP_FLAWS } from '../../../edge-speaker/src/wire/ndp-flaw.ts';
import {
  advertisement,
  groupOf,
  ip6,
  mac6,
  type NdpFields,
  nonce,
  option,
  solicitation,
  sourceMac,
  targetMac,
} from '../../support/ndp-frames.ts';

const OURS = '02:00:00:00:00:11';
const ETH1 = '02:00:00:00:00:21';
const MEMBER = '02:00:00:00:00:12';
const FOE = '02:00:00:00:00:66';
const OTHER = '02:00:00:00:00:77';
const ETH0 = 2;
const VIP = 'fd00:10::f0';
const PROBED = 'fd00:10::f1';
const ELSEWHERE = 'fd00:20::f0';
const NONCE = 'a1b2c3d4e5f6';

const table = new AnnouncementTable();
table.set(VIP, ETH0, 'announced', Buffer.from(NONCE, 'hex'));
table.set(PROBED, ETH0, 'probing', Buffer.from(NONCE, 'hex'));
table.set(ELSEWHERE, 3, 'announced');
const eth0: Listener = {
  linkIndex: ETH0,
  mac: mac6(OURS),
  isPoolMac: (frame, at) => frame.subarray(at, at + 6).equals(mac6(MEMBER)),
  isNodeMac: (frame, at) => frame.subarray(at, at + 6).equals(mac6(ETH1)),
};

function told(frame: Buffer, late = false): string {
  const decision: NdpDecision = decideNdp(NdpView.over(frame), table, eth0);
  const kept = late ? tooLate(decision) : decision;
  return kept.kind === 'drop' ? kept.reason : `${kept.kind} ${kept.entry.address}`;
}

const ask = (target: string, change: Partial<NdpFields> = {}) => solicitation(target, change);
const probe = (target: string, change: Partial<NdpFields> = {}) => solicitation(target, { from: '::', ...change });
const tell = (target: string, change: Partial<NdpFields> = {}) => advertisement(target, change);

interface Case {
  readonly rfc: string;
  readonly name: string;
  readonly frame: Buffer;
  readonly want: string;
}

const answers: Case[] = [
  { rfc: 'RFC 4861 §7.2.3', name: 'to the group', frame: ask(VIP), want: `reply ${VIP}` },
  { rfc: 'RFC 4861 §7.2.3', name: 'to the group, no option', frame: ask(VIP, { options: [] }), want: `reply ${VIP}` },
  {
    rfc: 'RFC 4861 §7.3.3',
    name: 'unicast, as unreachability detection asks',
    frame: ask(VIP, { to: VIP }),
    want: `reply ${VIP}`,
  },
  {
    rfc: 'RFC 4861 §7.2.2',
    name: 'unicast, no option',
    frame: ask(VIP, { to: VIP, options: [] }),
    want: `reply ${VIP}`,
  },
  { rfc: 'RFC 4861 §7.2.4', name: 'to all nodes', frame: ask(VIP, { to: 'ff02::1' }), want: `reply ${VIP}` },
  {
    rfc: 'RFC 6085 §3',
    name: 'to the group, but to our MAC alone',
    frame: ask(VIP, { etherTo: OURS }),
    want: `reply ${VIP}`,
  },
  {
    rfc: 'RFC 4861 §4.6',
    name: 'with options nobody knows',
    frame: ask(VIP, { options: [option(200, Buffer.alloc(14)), sourceMac(OTHER)] }),
    want: `reply ${VIP}`,
  },
  { rfc: 'RFC 4862 §5.4.3', name: 'duplicate address detection', frame: probe(VIP), want: `reply ${VIP}` },
  {
    rfc: 'RFC 7527 §4.2',
    name: 'the same with a stranger’s nonce',
    frame: probe(VIP, { options: [nonce('000000000001')] }),
    want: `reply ${VIP}`,
  },
  {
    rfc: 'RFC 4861 §7.2.4',
    name: 'a member of the pool asks',
    frame: ask(VIP, { etherFrom: MEMBER }),
    want: `reply ${VIP}`,
  },
  {
    rfc: 'RFC 4862 §5.4.3',
    name: 'a member of the pool probes',
    frame: probe(VIP, { etherFrom: MEMBER }),
    want: `reply ${VIP}`,
  },
];

const claims: Case[] = [
  { rfc: 'RFC 4862 §5.4.4', name: 'unasked, O=1', frame: tell(VIP), want: `conflict ${VIP}` },
  { rfc: 'RFC 4861 §7.2.8', name: 'a proxy, O=0', frame: tell(VIP, { flags: '' }), want: `conflict ${VIP}` },
  {
    rfc: 'RFC 4861 §7.2.7',
    name: 'an anycast owner, asked, O=0',
    frame: tell(VIP, { flags: 'S', to: 'fd00:10::c8' }),
    want: `conflict ${VIP}`,
  },
  { rfc: 'RFC 4861 §4.4', name: 'a router, R=1', frame: tell(VIP, { flags: 'RO' }), want: `conflict ${VIP}` },
  {
    rfc: 'RFC 4861 §7.2.5',
    name: 'to a third station',
    frame: tell(VIP, { to: 'fd00:10::77', etherTo: OTHER, flags: 'SO' }),
    want: `conflict ${VIP}`,
  },
  { rfc: 'RFC 4861 §4.4', name: 'no option', frame: tell(VIP, { options: [] }), want: `conflict ${VIP}` },
  {
    rfc: 'RFC 4861 §7.2.3',
    name: 'it asks from our address',
    frame: ask('fd00:10::1', { from: VIP }),
    want: `conflict ${VIP}`,
  },
  {
    rfc: 'RFC 4861 §7.2.3',
    name: 'it asks from our address for our address',
    frame: ask(VIP, { from: VIP }),
    want: `conflict ${VIP}`,
  },
  { rfc: 'RFC 4862 §5.4.4', name: 'while we probe', frame: tell(PROBED), want: `conflict ${PROBED}` },
  {
    rfc: 'RFC 4862 §5.4.4',
    name: 'a proxy while we probe',
    frame: tell(PROBED, { flags: '' }),
    want: `conflict ${PROBED}`,
  },
  { rfc: 'RFC 4862 §5.4.3', name: 'another probes what we probe', frame: probe(PROBED), want: `conflict ${PROBED}` },
  {
    rfc: 'RFC 7527 §4.2',
    name: 'the same with another nonce',
    frame: probe(PROBED, { options: [nonce('a1b2c3d4e5f7')] }),
    want: `conflict ${PROBED}`,
  },
  {
    rfc: 'RFC 7527 §4.2',
    name: 'the same with a long nonce',
    frame: probe(PROBED, { options: [option(14, Buffer.alloc(14))] }),
    want: `conflict ${PROBED}`,
  },
  { rfc: 'design', name: 'a member of the pool', frame: tell(VIP, { etherFrom: MEMBER }), want: `hand-over ${VIP}` },
  {
    rfc: 'design',
    name: 'a member, while we probe',
    frame: tell(PROBED, { etherFrom: MEMBER }),
    want: `hand-over ${PROBED}`,
  },
  {
    rfc: 'design',
    name: 'a member asks from our address',
    frame: ask('fd00:10::1', { from: VIP, etherFrom: MEMBER }),
    want: `hand-over ${VIP}`,
  },
  {
    rfc: 'RFC 4861 §7.2.5',
    name: 'the option, not the Ethernet header, says who: a stranger',
    frame: tell(VIP, { etherFrom: MEMBER, options: [targetMac(FOE)] }),
    want: `conflict ${VIP}`,
  },
  {
    rfc: 'RFC 4861 §7.2.5',
    name: 'the option says who: a member',
    frame: tell(VIP, { etherFrom: FOE, options: [targetMac(MEMBER)] }),
    want: `hand-over ${VIP}`,
  },
];

const drops: Case[] = [
  { rfc: 'design', name: 'the other link of this node', frame: tell(VIP, { etherFrom: ETH1 }), want: 'own-frame' },
  {
    rfc: 'design',
    name: 'the other link of this node asks',
    frame: ask('fd00:10::1', { from: VIP, etherFrom: ETH1 }),
    want: 'own-frame',
  },
  { rfc: 'RFC 7527 §1', name: 'our frame, reflected', frame: tell(VIP, { etherFrom: OURS }), want: 'own-frame' },
  {
    rfc: 'RFC 7527 §1',
    name: 'the same from a bridge that rewrites',
    frame: tell(VIP, { options: [targetMac(OURS)] }),
    want: 'own-frame',
  },
  {
    rfc: 'RFC 7527 §1',
    name: 'the same the other way round',
    frame: tell(VIP, { etherFrom: OURS, options: [targetMac(FOE)] }),
    want: 'own-frame',
  },
  {
    rfc: 'RFC 7527 §4.2',
    name: 'our probe by its nonce',
    frame: probe(PROBED, { options: [nonce(NONCE)] }),
    want: 'own-frame',
  },
  { rfc: 'RFC 7527 §4.2', name: 'our probe, late', frame: probe(VIP, { options: [nonce(NONCE)] }), want: 'own-frame' },
  {
    rfc: 'IEEE 802-2014 §8.2',
    name: 'a group as owner',
    frame: tell(VIP, { options: [targetMac('33:33:00:00:00:01')] }),
    want: 'bad-sender-mac',
  },
  {
    rfc: 'IEEE 802-2014 §8.2',
    name: 'zeros as asker',
    frame: ask(VIP, { options: [sourceMac('00:00:00:00:00:00')] }),
    want: 'bad-sender-mac',
  },
  {
    rfc: 'RFC 4862 §5.4.3',
    name: 'a member probes what we probe',
    frame: probe(PROBED, { etherFrom: MEMBER }),
    want: 'pool-probe',
  },
  { rfc: 'RFC 4862 §5.4.3', name: 'who asks for what we probe', frame: ask(PROBED), want: 'still-probing' },
  { rfc: 'RFC 4861 §7.2.3', name: 'asked for another', frame: ask('fd00:10::c9'), want: 'not-announced-here' },
  {
    rfc: 'RFC 4861 §7.2.3',
    name: 'the same last 32 bits, another prefix',
    frame: ask('fd00:11::f0'),
    want: 'not-announced-here',
  },
  { rfc: 'RFC 4861 §7.2.3', name: 'ours on another link', frame: ask(ELSEWHERE), want: 'not-announced-here' },
  { rfc: 'RFC 4861 §7.2.5', name: 'another is told of', frame: tell('fd00:10::c9'), want: 'not-a-solicitation' },
  {
    rfc: 'RFC 4861 §7.2.5',
    name: 'ours of another link is told of',
    frame: tell(ELSEWHERE),
    want: 'not-a-solicitation',
  },
  {
    rfc: 'RFC 4861 §4.3',
    name: 'to another address',
    frame: ask(VIP, { to: 'fd00:10::77', etherTo: OURS }),
    want: 'for-another-address',
  },
  {
    rfc: 'RFC 4861 §4.3',
    name: 'to another group',
    frame: ask(VIP, { to: groupOf(PROBED) }),
    want: 'for-another-address',
  },
  {
    rfc: 'RFC 4861 §7.2.3',
    name: 'to another station',
    frame: ask(VIP, { to: VIP, etherTo: OTHER }),
    want: 'for-another-station',
  },
  {
    rfc: 'RFC 2464 §7',
    name: 'to the broadcast MAC',
    frame: ask(VIP, { etherTo: 'ff:ff:ff:ff:ff:ff' }),
    want: 'for-another-station',
  },
  { rfc: 'RFC 4861 §7.1.1', name: 'through a router', frame: ask(VIP, { hopLimit: 254 }), want: 'bad-hop-limit' },
  {
    rfc: 'RFC 4861 §7.1.2',
    name: 'a claim through a router',
    frame: tell(VIP, { hopLimit: 64 }),
    want: 'bad-hop-limit',
  },
  {
    rfc: 'RFC 4861 §7.1.2',
    name: 'a claim with a wrong checksum',
    frame: tell(VIP, { checksum: 1 }),
    want: 'bad-checksum',
  },
  {
    rfc: 'RFC 4861 §7.1.2',
    name: 'a claim that says it was asked for, to all',
    frame: tell(PROBED, { flags: 'SO' }),
    want: 'solicited-to-group',
  },
];

const late: Case[] = [
  { rfc: 'design', name: 'asked for ours', frame: ask(VIP), want: 'stale' },
  { rfc: 'design', name: 'a stranger’s claim', frame: tell(VIP), want: 'stale' },
  { rfc: 'design', name: 'a member’s claim', frame: tell(VIP, { etherFrom: MEMBER }), want: 'stale' },
  { rfc: 'RFC 4862 §5.4.4', name: 'an objection to our probe', frame: tell(PROBED), want: `conflict ${PROBED}` },
];

describe('decideNdp', () => {
  for (const [what, cases] of Object.entries({ answers, claims, drops })) {
    for (const { rfc, name, frame, want } of cases) {
      it(`${what}: ${name} (${rfc}): ${want}`, () => assert.equal(told(frame), want));
    }
  }
  for (const { rfc, name, frame, want } of late) {
    it(`too late: ${name} (${rfc}): ${want}`, () => assert.equal(told(frame, true), want));
  }

  it('has a case for every reason to drop that is no flaw of the frame', () => {
    const covered = new Set([...drops, ...late].map(({ want }) => want));
    const flaws: readonly string[] = NDP_FLAWS;
    assert.deepEqual(
      NDP_DROP_REASONS.filter((reason) => !flaws.includes(reason) && !covered.has(reason)),
      [],
    );
  });
});

describe('AnnouncementTable', () => {
  it('tells addresses apart that end alike, and forgets one at a time', () => {
    const own = new AnnouncementTable();
    const alike = ['fd00:1::f0', 'fd00:2::f0', 'fd00:3::f0'];
    for (const address of alike) own.set(address, ETH0, 'announced');
    own.set('fd00:2::f0', ETH0, 'probing');
    own.set('192.168.10.240', ETH0, 'announced');
    assert.equal(own.size, 4);
    own.delete('fd00:1::f0');
    own.delete('fd00:1::f0');
    const find = (address: string) => {
      const decision = decideNdp(NdpView.over(ask(address)), own, eth0);
      return decision.kind === 'drop' ? decision.reason : decision.kind;
    };
    assert.deepEqual(alike.map(find), ['not-announced-here', 'still-probing', 'reply']);
    for (const address of [...alike, '192.168.10.240']) own.delete(address);
    assert.equal(own.size, 0);
  });

  it('keeps the nonce of its probes when they are over', () => {
    const own = new AnnouncementTable();
    own.set(VIP, ETH0, 'probing', Buffer.from(NONCE, 'hex'));
    own.set(VIP, ETH0, 'announced');
    assert.deepEqual(own.findIpv6(ip6(VIP), 0, ETH0)?.nonce, Buffer.from(NONCE, 'hex'));
  });
});
