import { strict as assert } from 'node:assert';
import { ipv4Value, LbError } from '@openyurt/nodepool-types';
import { arpRequest } from '../../../edge-speaker/src/wire/arp.ts';
import { memoryLink } from '../../support/memory-lan.ts';
import { solicitation } from '../../support/ndp-frames.ts';
import { kinds, lan6, SETTINGS, stage } from './announcer-stage.ts';

const VIP = 'fd00:10::f0';
const IPV4 = '192.168.10.240';
const OURS = '02:00:00:00:00:11';
const CLIENT = Buffer.from('0200000000c8', 'hex');
const WITHOUT_IPV6 = new LbError('LB_LINK_UNUSABLE', 'eth0 has no IPv6', 'Switch it on.');
const NO_MEMORY = new LbError('LB_LINK_UNUSABLE', 'setsockopt(PACKET_RX_RING) said ENOMEM', 'Look at the interface.');

describe('Announcer, the sockets of IPv6', () => {
  it('a link without IPv6 carries IPv4, and is asked ever more rarely', () => {
    const { announcer, icmpv6, time, events, ask } = stage([lan6()]);
    icmpv6.refusal = WITHOUT_IPV6;
    const refused = { ok: false, reason: 'socket-refused', detail: 'LB_LINK_UNUSABLE: eth0 has no IPv6' };
    assert.deepEqual(announcer.announce(VIP, { probe: false }), refused);
    assert.equal(announcer.announce(IPV4, { probe: false }).ok, true);
    assert.equal(ask(IPV4), OURS);
    for (let i = 0; i < 300; i++) {
      time.advance(1_000);
      announcer.canAnnounce(VIP);
    }
    const asked = kinds(events).filter((kind) => kind === 'links-changed').length;
    assert.ok(asked >= 6 && asked <= 12, `${asked} times in 5 minutes`);
    icmpv6.refusal = undefined;
    time.advance(60_000);
    assert.equal(kinds(events).at(-1), 'links-changed');
    assert.equal(announcer.announce(VIP, { probe: false }).ok, true);
    assert.equal(kinds(events).includes('withdrawn'), false);
  });

  it('a socket that worked is opened again after a second, whatever another link waits for', () => {
    const eth1 = memoryLink({
      index: 3,
      name: 'eth1',
      addresses: [{ ip: 'fd00:11::11', prefixBits: 64, family: 'IPv6' }],
    });
    const { announcer, icmpv6, time } = stage([lan6(), eth1]);
    announcer.announce(VIP, { probe: false });
    icmpv6.refusal = WITHOUT_IPV6;
    for (let i = 0; i < 100; i++) {
      announcer.canAnnounce('fd00:11::f0');
      time.advance(1_000);
    }
    icmpv6.fail(2, WITHOUT_IPV6);
    icmpv6.refusal = undefined;
    time.advance(1_000);
    assert.equal(announcer.announce(VIP, { probe: false }).ok, true);
  });

  it('opens nothing for IPv6 before an IPv6 address is wanted, and one socket for all', () => {
    const { announcer, icmpv6 } = stage([lan6()]);
    announcer.announce(IPV4, { probe: false });
    assert.equal(icmpv6.opened, 0);
    for (const address of [VIP, 'fd00:10::f1', VIP]) announcer.announce(address, { probe: false });
    assert.deepEqual([icmpv6.opened, icmpv6.joined], [1, [VIP, 'fd00:10::f1']]);
  });

  it('an ICMPv6 socket that dies takes its IPv6 addresses along, no others', () => {
    const { announcer, icmpv6, events, ask, time } = stage([lan6()]);
    announcer.announce(VIP, { probe: false });
    time.advance(59_000);
    events.length = 0;
    announcer.announce(IPV4, { probe: false });
    icmpv6.fail(2, WITHOUT_IPV6);
    const withdrawn = { kind: 'withdrawn', address: VIP, link: 'eth0', reason: 'socket-refused', heldMs: 59_000 };
    assert.deepEqual(events.slice(1), [withdrawn, { kind: 'links-changed' }]);
    assert.equal(ask(IPV4), OURS);
    time.advance(1_000);
    announcer.announce(VIP, { probe: false });
    assert.deepEqual(icmpv6.joined, [VIP]);
  });

  it('an address whose group cannot be joined is not answered for', () => {
    const { announcer, icmpv6, lan, events } = stage([lan6()]);
    icmpv6.joinRefusal = WITHOUT_IPV6;
    announcer.announce(VIP, { probe: true });
    assert.deepEqual([kinds(events), announcer.status()], [['withdrawn', 'links-changed'], []]);
    lan.inject(solicitation(VIP, { from: '::' }));
    assert.deepEqual([lan.frames, icmpv6.joined, icmpv6.openSockets], [[], [], 0]);
  });

  it('a ring for neighbour discovery that cannot be had is asked for once, not for each address, and again later', () => {
    const { announcer, lan, time, events, ask } = stage([lan6()]);
    lan.ndpRefusal = NO_MEMORY;
    const refused = { ok: false, reason: 'socket-refused', detail: NO_MEMORY.message };
    for (let i = 1; i <= 100; i++) assert.deepEqual(announcer.canAnnounce(`fd00:10::f${i}`), refused);
    assert.equal(lan.ndpRefused, 1);
    announcer.announce(IPV4, { probe: false });
    assert.equal(ask(IPV4), OURS);
    lan.ndpRefusal = undefined;
    events.length = 0;
    time.advance(1_000);
    assert.equal(kinds(events).includes('links-changed'), true, 'the hub is told to ask again');
    assert.equal(announcer.announce(VIP, { probe: false }).ok, true);
  });

  it('a site without IPv6 pays for no ring', () => {
    const { announcer, icmpv6, lan } = stage([lan6()]);
    icmpv6.refusal = WITHOUT_IPV6;
    lan.ndpRefusal = NO_MEMORY;
    announcer.canAnnounce(VIP);
    assert.equal(lan.ndpRefused, 0);
  });

  it('groups are joined anew when IPv6 went from an interface that the site names, and came back', () => {
    const { announcer, icmpv6, links, events } = stage([lan6()]);
    announcer.configure({ ...SETTINGS, interfaces: ['eth0'] });
    announcer.announce(VIP, { probe: false });
    events.length = 0;
    // An MTU under 1280: the kernel forgets addresses and groups, and refuses to join.
    icmpv6.joinRefusal = WITHOUT_IPV6;
    links.set([memoryLink()]);
    assert.deepEqual([kinds(events).includes('withdrawn'), icmpv6.joined], [true, []]);
    links.set([lan6()]);
    assert.equal(announcer.announce(VIP, { probe: false }).ok, true);
    assert.deepEqual([icmpv6.joined, icmpv6.openSockets], [[VIP], 1]);
  });

  it('groups are joined anew also where only the addresses were taken from the interface', () => {
    const { announcer, icmpv6, links, events } = stage([lan6()]);
    announcer.configure({ ...SETTINGS, interfaces: ['eth0'] });
    announcer.announce(VIP, { probe: false });
    links.set([memoryLink()]);
    assert.deepEqual([icmpv6.opened, icmpv6.openSockets, icmpv6.joined], [2, 1, [VIP]]);
    assert.equal(kinds(events).includes('withdrawn'), false);
  });

  it('says nothing more of an address that was withdrawn because it could not be told', () => {
    const { announcer, icmpv6, lan, events } = stage([lan6()]);
    icmpv6.sendRefusal = WITHOUT_IPV6;
    announcer.announce(VIP, { probe: false });
    assert.deepEqual(kinds(events), ['withdrawn', 'links-changed']);
    assert.deepEqual(lan.frames, []);
  });

  it('a process that was stopped answers nothing that waited in the one ring though the other is read up', () => {
    const { announcer, lan, counts, time } = stage([lan6()]);
    for (const address of [IPV4, VIP]) announcer.announce(address, { probe: false });
    time.advance(59_000);
    lan.frames.length = 0;
    const stoppedMs = time.wallMs();
    time.stop(1_000);
    const question = arpRequest(CLIENT, ipv4Value('192.168.10.200'), ipv4Value(IPV4));
    lan.inject(question, stoppedMs + 10);
    lan.inject(solicitation(VIP), stoppedMs + 20);
    lan.inject(question);
    lan.inject(solicitation(VIP), stoppedMs + 30); // a ring hands over 64 frames a turn, and then it is the other's
    assert.deepEqual([counts.get('arp_received stale'), counts.get('ndp_received stale')], [1, 2]);
    assert.equal(lan.frames.length, 1);
  });

  for (const [what, change] of [
    ['a link that goes', (all: ReturnType<typeof stage>) => all.links.set([lan6({ up: false })])],
    ['a burst', (all: ReturnType<typeof stage>) => all.announcer.announce('fd00:10::f9', { probe: false })],
  ] as const) {
    it(`closed by the hub on hearing of ${what}: no timer, no socket`, () => {
      const all = stage([lan6()]);
      for (const address of [VIP, IPV4]) all.announcer.announce(address, { probe: false });
      all.hooks.onEvent = () => all.announcer.close();
      change(all);
      assert.equal(all.announcer.announce(VIP, { probe: false }).ok, false, 'nor later');
      assert.deepEqual([all.time.pending, all.lan.openSockets, all.icmpv6.openSockets], [0, 0, 0]);
      assert.deepEqual([all.events.length, all.announcer.status()], [3, []], 'no event after that');
    });
  }
});
