import { strict as assert } from 'node:assert';
import { NdpView } from '../../../edge-speaker/src/wire/ndp.ts';
import { advertisement, ip6, mac6, nonce, solicitation, targetMac } from '../../support/ndp-frames.ts';
import { kinds, lan6, stage } from './announcer-stage.ts';

const VIP = 'fd00:10::f0';
const OURS = '02:00:00:00:00:11';
const FOE = '02:00:00:00:00:66';
/** What `advertisement` of the test's own codec says in its ICMPv6 message, the checksum left out. */
const toAll = advertisement(VIP, { options: [targetMac(OURS)], checksum: 0 }).subarray(54);

/** A stage that announces {@link VIP} since a minute. */
function announcing() {
  const all = stage([lan6()]);
  all.announcer.announce(VIP, { probe: false });
  all.time.advance(59_000);
  all.icmpv6.messages.length = 0;
  all.lan.frames.length = 0;
  all.events.length = 0;
  return all;
}

describe('Announcer, IPv6', () => {
  it('listens, probes, announces, answers, and falls silent', () => {
    const { announcer, time, lan, icmpv6, events, counts } = stage([lan6()]);
    assert.equal(announcer.announce(VIP, { probe: true }).ok, true);
    assert.deepEqual(icmpv6.joined, [VIP]);
    time.advance(30);
    const probes = lan.frames.map((frame) => NdpView.over(frame));
    assert.equal(probes.length, 3);
    for (const probe of probes) {
      assert.ok(typeof probe !== 'string' && probe.isProbe);
      assert.deepEqual(probe.target, ip6(VIP));
    }
    time.advance(2_000);
    assert.deepEqual(icmpv6.messages, Array(3).fill({ message: toAll, to: 'ff02::1', linkIndex: 2 }));
    assert.deepEqual(events, [{ kind: 'announced', address: VIP, link: 'eth0', probed: true }]);
    assert.deepEqual([counts.get(`probes_sent ${VIP}`), counts.get(`gratuitous_sent ${VIP}`)], [3, 3]);
    announcer.withdraw(VIP);
    assert.deepEqual(icmpv6.joined, []);
    lan.inject(solicitation(VIP));
    assert.deepEqual([lan.frames.length, time.pending], [3, 0]);
  });

  it('speaks by frames while the link checks its own address', () => {
    const { announcer, lan, icmpv6 } = stage([lan6()]);
    icmpv6.tentative = true;
    announcer.announce(VIP, { probe: false });
    assert.deepEqual([icmpv6.messages.length, lan.frames.length], [0, 1]);
    assert.deepEqual(lan.frames[0], advertisement(VIP, { options: [targetMac(OURS)], from: VIP, etherFrom: OURS }));
  });

  it('is in the group before its first probe leaves (RFC 4862 §5.4.2)', () => {
    const { announcer, lan, icmpv6 } = stage([lan6()]);
    let joinedThen: string[] | undefined;
    const push = lan.frames.push.bind(lan.frames);
    lan.frames.push = (...frames) => {
      joinedThen ??= [...icmpv6.joined];
      return push(...frames);
    };
    announcer.announce(VIP, { probe: true });
    assert.deepEqual(joinedThen, [VIP]);
  });

  it('answers who asks with a frame to the asker, S=1 O=1 (RFC 4861 §7.2.4)', () => {
    const { lan, icmpv6, counts } = announcing();
    for (const to of [undefined, VIP]) {
      lan.frames.length = 0;
      lan.inject(solicitation(VIP, to === undefined ? {} : { to }));
      const want = { etherFrom: OURS, etherTo: '02:00:00:00:00:c8', from: VIP, to: 'fd00:10::c8', flags: 'SO' };
      assert.deepEqual(lan.frames, [advertisement(VIP, want)]);
    }
    assert.deepEqual(icmpv6.messages, []);
    assert.deepEqual([counts.get(`ndp_replies ${VIP}`), counts.get('ndp_received reply')], [2, 2]);
  });

  it('answers duplicate address detection to all nodes, S=0 (RFC 4861 §7.2.4)', () => {
    const { lan, icmpv6, counts } = announcing();
    lan.inject(solicitation(VIP, { from: '::' }));
    assert.deepEqual(icmpv6.messages, [{ message: toAll, to: 'ff02::1', linkIndex: 2 }]);
    assert.deepEqual([lan.frames, counts.get(`ndp_replies ${VIP}`)], [[], 1]);
  });

  it('counts what is invalid by its reason and does nothing', () => {
    const { lan, icmpv6, counts, events } = announcing();
    lan.inject(solicitation(VIP, { hopLimit: 64 }));
    lan.inject(advertisement(VIP, { checksum: 7 }));
    lan.inject(advertisement(VIP, { etherType: 0x8100 }));
    assert.deepEqual([lan.frames, icmpv6.messages, events], [[], [], []]);
    for (const reason of ['bad-hop-limit', 'bad-checksum', 'vlan-tag']) {
      assert.equal(counts.get(`ndp_received ${reason}`), 1);
    }
  });

  for (const [what, frame] of [
    ['another host tells that it is its own (RFC 4862 §5.4.4)', advertisement(VIP)],
    ['another host probes it too (RFC 4862 §5.4.3)', solicitation(VIP, { from: '::', etherFrom: FOE })],
  ] as const) {
    it(`${what}: not announced, told with the MAC, tried again`, () => {
      const { announcer, lan, icmpv6, events, time } = stage([lan6()]);
      announcer.announce(VIP, { probe: true });
      lan.inject(frame);
      assert.deepEqual(events, [
        { kind: 'failed', address: VIP, link: 'eth0', byMac: FOE, retryMs: 10_000, heldMs: 0 },
      ]);
      assert.deepEqual(icmpv6.joined, [], 'it does not listen meanwhile');
      time.advance(10_000);
      assert.deepEqual(icmpv6.joined, [VIP]);
      time.advance(30);
      assert.deepEqual([kinds(events), icmpv6.messages.length], [['failed', 'announced'], 1]);
    });
  }

  it('an objection within 7 s of the first announcement is a failed probe (RFC 5227 §1.1)', () => {
    const { announcer, lan, icmpv6, events, time } = stage([lan6()]);
    announcer.announce(VIP, { probe: true });
    time.advance(7_029);
    lan.inject(advertisement(VIP));
    const failed = { kind: 'failed', address: VIP, link: 'eth0', byMac: FOE, retryMs: 10_000, heldMs: 6_999 };
    assert.deepEqual([events[1], icmpv6.joined], [failed, []]);
  });

  it('a later claim is defended once per 10 s, and kept (RFC 5227 §2.4(c))', () => {
    const { lan, icmpv6, events, time } = announcing();
    const conflict = { kind: 'conflict', address: VIP, link: 'eth0', byMac: FOE, defended: true };
    for (let i = 0; i < 100; i++) {
      lan.inject(advertisement(VIP));
      if (i < 99) time.advance(10);
    }
    assert.deepEqual(events, [{ ...conflict, times: 1 }]);
    assert.deepEqual(icmpv6.messages, [{ message: toAll, to: 'ff02::1', linkIndex: 2 }]);
    time.advance(10_000);
    icmpv6.messages.length = 0;
    lan.inject(advertisement(VIP));
    assert.deepEqual([events[1], icmpv6.messages.length], [{ ...conflict, times: 100 }, 1]);
  });

  it('a claim of a pool member is a hand-over', () => {
    const { announcer, lan, events } = announcing();
    announcer.setPoolMacs([FOE]);
    lan.inject(advertisement(VIP));
    assert.deepEqual(events, [{ kind: 'hand-over', address: VIP, link: 'eth0', byMac: FOE }]);
  });

  it('its own probe, reflected by a bridge that rewrites the MAC, is nothing (RFC 7527 §4.2)', () => {
    const { announcer, lan, events } = stage([lan6()]);
    const probeOnce = () => {
      announcer.announce(VIP, { probe: true });
      const frame = Buffer.from(lan.frames.at(-1) ?? Buffer.alloc(0));
      mac6('02:00:00:00:00:99').copy(frame, 6);
      return frame;
    };
    const reflected = probeOnce();
    lan.inject(reflected);
    assert.deepEqual(events, []);
    lan.inject(solicitation(VIP, { from: '::', options: [nonce('ffffffffffff')], etherFrom: FOE }));
    assert.deepEqual(kinds(events), ['failed']);
  });

  it('the node’s own address is the kernel’s to answer for', () => {
    const can = stage([lan6()]).announcer.canAnnounce('fd00:10::11');
    assert.equal(can.ok ? 'ok' : can.reason, 'own-address');
  });

  it('close leaves every group, no timer and no socket', () => {
    const { announcer, icmpv6, lan, time } = announcing();
    announcer.close();
    assert.deepEqual([icmpv6.joined, icmpv6.openSockets, lan.openSockets, time.pending], [[], 0, 0, 0]);
  });
});
