import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { addWords, finishChecksum } from '../../../edge-speaker/src/wire/checksum.ts';
import { groupMac, ipv6Bytes, solicitedNodeGroup } from '../../../edge-speaker/src/wire/ipv6.ts';
import { formatMac } from '../../../edge-speaker/src/wire/mac-address.ts';
import { NdpView } from '../../../edge-speaker/src/wire/ndp.ts';
import { NDP_FLAWS } from '../../../edge-speaker/src/wire/ndp-flaw.ts';
import {
  ADVERTISEMENT_FRAME_BYTES,
  advertisementToAll,
  answerSolicitation,
} from '../../../edge-speaker/src/wire/neighbour-advertisement.ts';
import { neighbourProbe } from '../../../edge-speaker/src/wire/neighbour-solicitation.ts';
import { hexFrame } from '../../support/hex-frames.ts';
import {
  advertisement,
  checksumOf,
  ip6,
  type NdpFields,
  option,
  solicitation,
  sourceMac,
  targetMac,
} from '../../support/ndp-frames.ts';

const VIP = 'fd00:10::f0';
const OURS = Buffer.from('020000000011', 'hex');
const FOE = '02:00:00:00:00:66';

function read(frame: Buffer): NdpView {
  const view = NdpView.over(frame);
  if (typeof view === 'string') throw new Error(view);
  return view;
}

describe('the Internet checksum (RFC 1071)', () => {
  const cases: { name: string; hex: string; want: number }[] = [
    { name: 'the example of §3', hex: '0001f203f4f5f6f7', want: ~0xddf2 & 0xffff },
    { name: 'an odd byte counts as a high half', hex: '000101', want: ~0x0101 & 0xffff },
    { name: 'nothing', hex: '', want: 0xffff },
    { name: 'carries that carry again', hex: 'ffffffff0001', want: ~0x0001 & 0xffff },
  ];
  for (const { name, hex, want } of cases) {
    it(name, () => {
      const bytes = Buffer.from(hex, 'hex');
      assert.equal(finishChecksum(addWords(0, bytes, 0, bytes.length)), want);
    });
  }
});

describe('IPv6 groups', () => {
  const cases: { address: string; group: string; mac: string }[] = [
    // the example of RFC 4291 §2.7.1
    { address: '4037::1:800:200e:8c6c', group: 'ff02::1:ff0e:8c6c', mac: '33:33:ff:0e:8c:6c' },
    { address: VIP, group: 'ff02::1:ff00:f0', mac: '33:33:ff:00:00:f0' },
  ];
  for (const { address, group, mac } of cases) {
    it(`${address} listens in ${group}, at ${mac} (RFC 4291 §2.7.1, RFC 2464 §7)`, () => {
      const found = solicitedNodeGroup(ipv6Bytes(address));
      assert.deepEqual([found, formatMac(groupMac(found))], [ip6(group), mac]);
    });
  }
});

describe('NdpView', () => {
  const flaws: { rfc: string; name: string; frame: Buffer; want: string }[] = [
    { rfc: 'RFC 4861 §7.1.1', name: 'hop limit 254', frame: ask({ hopLimit: 254 }), want: 'bad-hop-limit' },
    { rfc: 'RFC 4861 §7.1.2', name: 'hop limit 0', frame: tell({ hopLimit: 0 }), want: 'bad-hop-limit' },
    { rfc: 'RFC 4861 §7.1.1', name: 'a wrong checksum', frame: ask({ checksum: 0xbeef }), want: 'bad-checksum' },
    { rfc: 'RFC 4861 §7.1.2', name: 'a checksum of 0', frame: tell({ checksum: 0 }), want: 'bad-checksum' },
    { rfc: 'RFC 4861 §7.1.1', name: 'code 1', frame: ask({ code: 1 }), want: 'bad-code' },
    { rfc: 'RFC 4861 §7.1.2', name: 'code 255', frame: tell({ code: 255 }), want: 'bad-code' },
    { rfc: 'RFC 4861 §7.1.1', name: '23 bytes', frame: ask({ keep: 23 }), want: 'bad-length' },
    { rfc: 'RFC 4861 §7.1.2', name: '8 bytes', frame: tell({ keep: 8 }), want: 'bad-length' },
    { rfc: 'RFC 4861 §7.1.1', name: 'no payload', frame: ask({ keep: 0 }), want: 'bad-length' },
    { rfc: 'RFC 4861 §7.1.1', name: 'a group asked about', frame: solicitation('ff02::5'), want: 'multicast-target' },
    { rfc: 'RFC 4861 §7.1.2', name: 'a group told of', frame: advertisement('ff02::5'), want: 'multicast-target' },
    {
      rfc: 'RFC 4861 §7.1.1',
      name: 'an option of length 0',
      frame: ask({ options: [option(1, Buffer.alloc(6), 0)] }),
      want: 'bad-option',
    },
    {
      rfc: 'RFC 4861 §7.1.2',
      name: 'length 0 in an option nobody knows, after a good one',
      frame: tell({ options: [targetMac(FOE), option(200, Buffer.alloc(6), 0)] }),
      want: 'bad-option',
    },
    {
      rfc: 'RFC 4861 §4.6',
      name: 'an option that runs past the end',
      frame: ask({ options: [option(1, Buffer.alloc(6), 2)] }),
      want: 'bad-option',
    },
    { rfc: 'RFC 4861 §4.6', name: 'half an option', frame: ask({ options: [Buffer.from([1])] }), want: 'bad-option' },
    {
      rfc: 'RFC 2464 §6',
      name: 'a link-layer address of 14 bytes',
      frame: ask({ options: [option(1, Buffer.alloc(14))] }),
      want: 'bad-option',
    },
    {
      rfc: 'RFC 4861 §7.1.1',
      name: 'from :: to the address itself',
      frame: ask({ from: '::', to: VIP, options: [] }),
      want: 'probe-not-to-group',
    },
    {
      rfc: 'RFC 4861 §7.1.1',
      name: 'from :: to all nodes',
      frame: ask({ from: '::', to: 'ff02::1', options: [] }),
      want: 'probe-not-to-group',
    },
    {
      rfc: 'RFC 4861 §7.1.1',
      name: 'from :: with a source link-layer address',
      frame: ask({ from: '::', options: [sourceMac(FOE)] }),
      want: 'probe-with-mac',
    },
    { rfc: 'RFC 4861 §7.1.2', name: 'S=1 to all nodes', frame: tell({ flags: 'SO' }), want: 'solicited-to-group' },
    { rfc: 'RFC 4291 §2.7', name: 'from a group', frame: ask({ from: 'ff02::1' }), want: 'bad-source' },
    { rfc: 'RFC 4291 §2.5.3', name: 'from ::1', frame: ask({ from: '::1' }), want: 'bad-source' },
    { rfc: 'RFC 4861 §4.1', name: "a router's advertisement", frame: ask({ type: 134 }), want: 'other-message' },
    { rfc: 'RFC 4443 §4.1', name: 'an echo request', frame: ask({ type: 128 }), want: 'other-message' },
    { rfc: 'RFC 8200 §4.3', name: 'hop-by-hop options first', frame: ask({ nextHeader: 0 }), want: 'extension-header' },
    { rfc: 'RFC 6980 §5', name: 'a fragment', frame: ask({ nextHeader: 44 }), want: 'extension-header' },
    { rfc: 'RFC 8200 §3', name: 'TCP', frame: ask({ nextHeader: 6 }), want: 'not-icmpv6' },
    { rfc: 'RFC 8200 §3', name: 'version 4', frame: ask({ version: 4 }), want: 'not-ipv6' },
    { rfc: 'RFC 2464 §3', name: 'another EtherType', frame: ask({ etherType: 0x88cc }), want: 'not-ipv6' },
    { rfc: 'IEEE 802.1Q §9', name: 'a VLAN tag', frame: ask({ etherType: 0x8100 }), want: 'vlan-tag' },
    { rfc: 'IEEE 802.1ad', name: 'a service tag', frame: ask({ etherType: 0x88a8 }), want: 'vlan-tag' },
    { rfc: 'RFC 8200 §3', name: 'less than it tells of', frame: ask({ payloadBytes: 200 }), want: 'cut-short' },
  ];
  for (const { rfc, name, frame, want } of flaws) {
    it(`${rfc}: ${name}: ${want}`, () => assert.equal(NdpView.over(frame), want));
  }

  it('has a case for every flaw', () => {
    const covered = new Set(flaws.map(({ want }) => want));
    assert.deepEqual(
      NDP_FLAWS.filter((flaw) => !covered.has(flaw)),
      [],
    );
  });

  it('refuses every frame that is cut short', () => {
    for (const whole of [ask({}), tell({})]) {
      for (let length = 0; length < whole.length; length++) {
        assert.equal(NdpView.over(whole.subarray(0, length)), 'cut-short', `${length} bytes`);
      }
    }
  });

  it('reads a solicitation of the kernel of Linux', () => {
    const view = read(hexFrame('ndp-solicitation-linux'));
    assert.deepEqual([view.isSolicitation, view.isProbe, view.reachesTarget], [true, false, true]);
    assert.deepEqual(view.target, ip6(VIP));
    assert.equal(formatMac(view.frame, view.ownerMacAt), '02:00:00:00:00:c8');
  });

  it('reads duplicate address detection of the kernel of Linux, nonce and all (RFC 4862 §5.4.2, RFC 7527 §4.1)', () => {
    const view = read(hexFrame('ndp-probe-linux'));
    assert.deepEqual([view.isProbe, view.hasNonce(Buffer.from('09e1f5659d0a', 'hex'))], [true, true]);
    assert.equal(view.hasNonce(Buffer.from('09e1f5659d0b', 'hex')), false);
  });

  const owners: { name: string; frame: Buffer; want: string }[] = [
    { name: 'the option names the asker', frame: ask({ options: [sourceMac(FOE)] }), want: FOE },
    { name: 'without it the Ethernet header', frame: ask({ options: [] }), want: '02:00:00:00:00:c8' },
    {
      name: 'a target address says nothing of an asker',
      frame: ask({ options: [targetMac(FOE)] }),
      want: '02:00:00:00:00:c8',
    },
    {
      name: 'the option names the owner',
      frame: tell({ options: [targetMac('02:00:00:00:00:77')] }),
      want: '02:00:00:00:00:77',
    },
    {
      name: 'the first of two options',
      frame: tell({ options: [targetMac(FOE), targetMac('02:00:00:00:00:77')] }),
      want: FOE,
    },
    {
      name: 'after options nobody knows',
      frame: tell({ options: [option(200, Buffer.alloc(22)), targetMac(FOE)], etherFrom: '02:00:00:00:00:77' }),
      want: FOE,
    },
  ];
  for (const { name, frame, want } of owners) {
    it(`${name}: ${want}`, () => {
      const view = read(frame);
      assert.equal(formatMac(view.frame, view.ownerMacAt), want);
    });
  }

  it('takes link padding after the packet for nothing', () => {
    assert.ok(read(Buffer.concat([ask({}), Buffer.alloc(20, 0xa5)])));
  });
});

describe('neighbour discovery encoding', () => {
  it('writes ndp-probe.hex', () => {
    const frame = neighbourProbe(OURS, ipv6Bytes(VIP), Buffer.from('a1b2c3d4e5f6', 'hex'));
    assert.equal(frame.toString('hex'), hexFrame('ndp-probe').toString('hex'));
    assert.equal(read(frame).isProbe, true);
  });

  it('writes ndp-answer.hex: R=0 S=1 O=1, with the target link-layer address (RFC 4861 §7.2.4)', () => {
    const frame = Buffer.alloc(ADVERTISEMENT_FRAME_BYTES, 0xee);
    answerSolicitation(read(hexFrame('ndp-solicitation-linux')), OURS, frame);
    assert.equal(frame.toString('hex'), hexFrame('ndp-answer').toString('hex'));
  });

  it('writes the message for all nodes: R=0 S=0 O=1, checksum left to the kernel (RFC 4861 §7.2.6)', () => {
    const message = advertisementToAll(ipv6Bytes(VIP), OURS);
    assert.equal(message.toString('hex'), `8800000020000000${ip6(VIP).toString('hex')}0201${OURS.toString('hex')}`);
  });

  it('what it writes is valid, whatever the addresses, and its checksum is right', () => {
    const bytes = (length: number) =>
      fc.uint8Array({ minLength: length, maxLength: length }).map((b) => Buffer.from(b));
    const address = bytes(16).filter((b) => b[0] !== 0xff && b.some((byte, i) => byte !== 0 && i < 15));
    fc.assert(
      fc.property(address, address, bytes(6), bytes(6), (target, asker, mac, nonceBytes) => {
        const probe = read(neighbourProbe(mac, target, nonceBytes));
        assert.deepEqual([probe.isProbe, probe.target, probe.hasNonce(nonceBytes)], [true, target, true]);
        const text = (b: Buffer) => b.toString('hex').replace(/(....)(?!$)/g, '$1:');
        const asked = read(solicitation(text(target), { from: text(asker), etherFrom: formatMac(mac) }));
        const answer = Buffer.alloc(ADVERTISEMENT_FRAME_BYTES);
        answerSolicitation(asked, OURS, answer);
        assert.deepEqual(answer.subarray(0, 6), mac);
        assert.equal(checksumOf(answer.subarray(22, 38), answer.subarray(38, 54), answer.subarray(54)), 0);
        assert.equal(formatMac(answer, read(answer).ownerMacAt), formatMac(OURS));
      }),
      { numRuns: 500 },
    );
  });
});

function ask(change: Partial<NdpFields>): Buffer {
  return solicitation(VIP, change);
}

function tell(change: Partial<NdpFields>): Buffer {
  return advertisement(VIP, change);
}
