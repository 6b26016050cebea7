import { strict as assert } from 'node:assert';
import { NDP_DROP_REASONS } from '../../../edge-speaker/src/responder/drop-reason.ts';
import { NDP_FLAWS } from '../../../edge-speaker/src/wire/ndp-flaw.ts';
import { groupOf, nonce, option, sourceMac, targetMac } from '../../support/ndp-frames.ts';
import {
  ask,
  type Case,
  ELSEWHERE,
  ETH1,
  FOE,
  MEMBER,
  NONCE,
  OTHER,
  OURS,
  PROBED,
  probe,
  tell,
  told,
  VIP,
} from './ndp-stage.ts';

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
  {
    rfc: 'design',
    name: 'the other link of this node probes what we probe',
    frame: probe(PROBED, { etherFrom: ETH1 }),
    want: 'own-frame',
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
  for (const [what, cases] of Object.entries({ answers, drops })) {
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
