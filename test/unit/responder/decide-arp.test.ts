import { strict as assert } from 'node:assert';
import { ipv4Value } from '@openyurt/nodepool-types';
import fc from 'fast-check';
import { AnnouncementTable } from '../../../edge-speaker/src/responder/announcement-table.ts';
import { type ArpDecision, decideArp } from '../../../edge-speaker/src/responder/decide-arp.ts';
import { type Listener, tooLate } from '../../../edge-speaker/src/responder/decision.ts';
import { DROP_REASONS } from '../../../edge-speaker/src/responder/drop-reason.ts';
import { ARP_REPLY, ARP_REQUEST, type ArpFields, ArpView, encodeArp } from '../../../edge-speaker/src/wire/arp.ts';
import { BROADCAST_MAC } from '../../../edge-speaker/src/wire/ethernet.ts';
import { hexFrame } from '../../support/hex-frames.ts';

const mac = (last: string) => Buffer.from(`0200000000${last}`, 'hex');
const OURS = mac('11');
const ETH1 = mac('21');
const CLIENT = mac('c8');
const MEMBER = mac('12');
/** As Microsoft's NLB answers in its multicast mode. */
const GROUP = Buffer.from('03bfc0a80af1', 'hex');
const ETH0 = 2;
const VIP = ipv4Value('192.168.10.240');
const PROBED = ipv4Value('192.168.10.241');
const ELSEWHERE = ipv4Value('192.168.20.240');
const CLIENT_IP = ipv4Value('192.168.10.200');

const table = new AnnouncementTable();
table.set('192.168.10.240', ETH0, 'announced');
table.set('192.168.10.241', ETH0, 'probing');
table.set('192.168.20.240', 3, 'announced');
const eth0: Listener = {
  linkIndex: ETH0,
  mac: OURS,
  isPoolMac: (frame, at) => frame.subarray(at, at + 6).equals(MEMBER),
  isNodeMac: (frame, at) => frame.subarray(at, at + 6).equals(ETH1),
};

function arp(change: Partial<ArpFields> & { etherSource?: Buffer }): ArpView | undefined {
  const frame = encodeArp({
    operation: ARP_REQUEST,
    senderMac: CLIENT,
    senderIp: CLIENT_IP,
    targetMac: Buffer.alloc(6),
    targetIp: VIP,
    to: BROADCAST_MAC,
    ...change,
  });
  change.etherSource?.copy(frame, 6);
  return ArpView.over(frame);
}

/** `reply`, `conflict` and `hand-over` with the address; a drop by its reason. */
function told(packet: ArpView | undefined): string {
  return say(decideArp(packet, table, eth0));
}

function say(decision: ArpDecision): string {
  return decision.kind === 'drop' ? decision.reason : `${decision.kind} ${decision.entry.address}`;
}

describe('decideArp', () => {
  const cases: { name: string; packet: ArpView | undefined; want: string }[] = [
    { name: 'a request for ours is answered', packet: arp({}), want: 'reply 192.168.10.240' },
    { name: 'a request to our MAC alone too', packet: arp({ to: OURS }), want: 'reply 192.168.10.240' },
    { name: 'a probe for ours is answered', packet: arp({ senderIp: 0 }), want: 'reply 192.168.10.240' },
    { name: 'a padded request', packet: ArpView.over(hexFrame('arp-request-padded')), want: 'reply 192.168.10.240' },
    { name: 'a relayed request', packet: ArpView.over(hexFrame('arp-relayed')), want: 'reply 192.168.10.240' },
    { name: 'a request of a pool member', packet: arp({ senderMac: MEMBER }), want: 'reply 192.168.10.240' },
    { name: 'no whole packet', packet: ArpView.over(hexFrame('arp-cut-short')), want: 'malformed' },
    { name: 'our own frame, reflected', packet: arp({ senderMac: OURS }), want: 'own-frame' },
    { name: 'our own claim, reflected', packet: arp({ senderMac: OURS, senderIp: VIP }), want: 'own-frame' },
    { name: 'sent by us for another sender', packet: arp({ etherSource: OURS }), want: 'own-frame' },
    { name: 'the other link of this node', packet: arp({ senderMac: ETH1, senderIp: VIP }), want: 'own-frame' },
    { name: 'a sender of zeros', packet: arp({ senderMac: Buffer.alloc(6) }), want: 'bad-sender-mac' },
    { name: 'a broadcast sender', packet: arp({ senderMac: BROADCAST_MAC }), want: 'bad-sender-mac' },
    {
      name: 'a multicast sender',
      packet: arp({ senderMac: Buffer.from('01005e0000fb', 'hex') }),
      want: 'bad-sender-mac',
    },
    {
      name: 'a reply claims ours',
      packet: arp({ operation: ARP_REPLY, senderIp: VIP }),
      want: 'conflict 192.168.10.240',
    },
    {
      name: 'a request claims ours',
      packet: arp({ senderIp: VIP, targetIp: CLIENT_IP }),
      want: 'conflict 192.168.10.240',
    },
    {
      name: 'a claim sent to a third station',
      packet: arp({ operation: ARP_REPLY, senderIp: VIP, to: mac('77') }),
      want: 'conflict 192.168.10.240',
    },
    {
      name: 'a member claims ours',
      packet: arp({ senderMac: MEMBER, senderIp: VIP }),
      want: 'hand-over 192.168.10.240',
    },
    { name: 'a claim of what we probe', packet: arp({ senderIp: PROBED }), want: 'conflict 192.168.10.241' },
    {
      name: 'a foreign probe of what we probe',
      packet: arp({ senderIp: 0, targetIp: PROBED }),
      want: 'conflict 192.168.10.241',
    },
    {
      name: 'a member probes what we probe',
      packet: arp({ senderMac: MEMBER, senderIp: 0, targetIp: PROBED }),
      want: 'pool-probe',
    },
    {
      name: 'the other link of this node probes what we probe',
      packet: arp({ senderMac: ETH1, senderIp: 0, targetIp: PROBED }),
      want: 'own-frame',
    },
    {
      name: 'a cluster of hosts with a group as MAC claims what we probe (RFC 5227 §2.1.1: any packet)',
      packet: arp({ operation: ARP_REPLY, senderMac: GROUP, senderIp: PROBED }),
      want: 'conflict 192.168.10.241',
    },
    {
      name: 'zeros claim ours (RFC 5227 §2.4: any packet)',
      packet: arp({ senderMac: Buffer.alloc(6), senderIp: VIP }),
      want: 'conflict 192.168.10.240',
    },
    { name: 'a request for what we probe', packet: arp({ targetIp: PROBED }), want: 'still-probing' },
    { name: 'a reply to us', packet: arp({ operation: ARP_REPLY, to: OURS }), want: 'not-a-request' },
    { name: 'an operation nobody knows', packet: arp({ operation: 9 }), want: 'not-a-request' },
    { name: 'not ours', packet: arp({ targetIp: CLIENT_IP + 1 }), want: 'not-announced-here' },
    { name: 'ours on another link', packet: arp({ targetIp: ELSEWHERE }), want: 'not-announced-here' },
    {
      name: 'claimed, but of another link',
      packet: arp({ senderIp: ELSEWHERE, targetIp: CLIENT_IP }),
      want: 'not-announced-here',
    },
    { name: 'to another station', packet: arp({ to: mac('77') }), want: 'for-another-station' },
    { name: 'from loopback', packet: arp({ senderIp: ipv4Value('127.0.0.1') }), want: 'bad-sender-ip' },
    { name: 'from multicast', packet: arp({ senderIp: ipv4Value('224.0.0.1') }), want: 'bad-sender-ip' },
    { name: 'from 0.0.0.1', packet: arp({ senderIp: 1 }), want: 'bad-sender-ip' },
    { name: 'from 255.255.255.255', packet: arp({ senderIp: 0xffffffff }), want: 'bad-sender-ip' },
  ];
  for (const { name, packet, want } of cases) it(`${name}: ${want}`, () => assert.equal(told(packet), want));

  const late: { name: string; packet: ArpView | undefined; want: string }[] = [
    { name: 'a request for ours', packet: arp({}), want: 'stale' },
    { name: 'a stranger claims ours', packet: arp({ senderIp: VIP }), want: 'stale' },
    { name: 'a member claims ours', packet: arp({ senderMac: MEMBER, senderIp: VIP }), want: 'stale' },
    { name: 'a claim of what we probe', packet: arp({ senderIp: PROBED }), want: 'conflict 192.168.10.241' },
    { name: 'not ours', packet: arp({ targetIp: CLIENT_IP + 1 }), want: 'not-announced-here' },
  ];
  for (const { name, packet, want } of late) {
    it(`too late, ${name}: ${want}`, () => assert.equal(say(tooLate(decideArp(packet, table, eth0))), want));
  }

  it('has a case for every reason to drop', () => {
    const covered = new Set([...cases, ...late].map(({ want }) => want));
    assert.deepEqual(
      DROP_REASONS.filter((reason) => !covered.has(reason)),
      [],
    );
  });

  it('forgets what is withdrawn', () => {
    const own = new AnnouncementTable();
    own.set('192.168.10.240', ETH0, 'announced');
    own.delete('192.168.10.240');
    assert.deepEqual(decideArp(arp({}), own, eth0), { kind: 'drop', reason: 'not-announced-here' });
    assert.equal(own.size, 0);
  });

  it('never throws, and answers nothing but requests for its own', () => {
    const anyMac = fc.oneof(
      fc.constantFrom(OURS, CLIENT, MEMBER, BROADCAST_MAC),
      fc.uint8Array({ minLength: 6, maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
    );
    const anyIp = fc.oneof(fc.constantFrom(VIP, PROBED, ELSEWHERE, 0), fc.nat({ max: 0xffffffff }));
    const fields = fc.record({
      operation: fc.oneof(fc.constantFrom(ARP_REQUEST, ARP_REPLY), fc.nat({ max: 0xffff })),
      senderMac: anyMac,
      senderIp: anyIp,
      targetMac: anyMac,
      targetIp: anyIp,
      to: anyMac,
      etherSource: anyMac,
    });
    fc.assert(
      fc.property(fields, (f) => {
        const decision = decideArp(arp(f), table, eth0);
        if (decision.kind !== 'reply') return;
        assert.deepEqual([f.operation, f.targetIp, decision.entry.phase], [ARP_REQUEST, VIP, 'announced']);
        assert.notDeepEqual(f.senderMac, OURS);
      }),
      { numRuns: 3_000 },
    );
  });
});
