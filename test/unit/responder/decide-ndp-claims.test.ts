import { strict as assert } from 'node:assert';
import { nonce, option, targetMac } from '../../support/ndp-frames.ts';
import { ask, type Case, FOE, MEMBER, OTHER, PROBED, probe, tell, told, VIP } from './ndp-stage.ts';

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
  {
    rfc: 'RFC 4862 §5.4.4',
    name: 'a group as owner of what we probe',
    frame: tell(PROBED, { options: [targetMac('33:33:00:00:00:01')] }),
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

describe('decideNdp, claims', () => {
  for (const { rfc, name, frame, want } of claims) {
    it(`${name} (${rfc}): ${want}`, () => assert.equal(told(frame), want));
  }
});
