import { strict as assert } from 'node:assert';
import { ipv4Value } from '@openyurt/nodepool-types';
import { ArpView, arpAnnouncement, arpProbe, arpRequest } from '../../../edge-speaker/src/wire/arp.ts';
import { memoryLink } from '../../support/memory-lan.ts';
import { kinds, stage } from './announcer-stage.ts';

const VIP = '192.168.10.240';
const CLIENT = Buffer.from('0200000000c8', 'hex');
const FOE = Buffer.from('020000000066', 'hex');

describe('Announcer', () => {
  it('probes, announces, answers, and falls silent', () => {
    const { announcer, time, ask, events, lan, counts } = stage();
    assert.equal(announcer.announce(VIP, { probe: true }).ok, true);
    assert.equal(ask(VIP), undefined, 'nothing is answered while probing');
    time.advance(30);
    assert.equal(ask(VIP), '02:00:00:00:00:11');
    assert.deepEqual(events, [{ kind: 'announced', address: VIP, link: 'eth0', probed: true }]);
    assert.deepEqual(counts.get(`probes_sent ${VIP}`), 3);
    assert.deepEqual(counts.get(`arp_replies ${VIP}`), 1);
    assert.deepEqual(counts.get('arp_received still-probing'), 1);
    announcer.withdraw(VIP);
    assert.equal(ask(VIP), undefined);
    assert.deepEqual(events.at(-1), { kind: 'withdrawn', address: VIP, link: 'eth0', reason: 'asked', heldMs: 0 });
    const frames = lan.frames.length;
    time.advance(200_000);
    assert.equal(lan.frames.length, frames, 'a withdrawn address is not spoken of');
    assert.equal(time.pending, 0);
  });

  it('a process that was stopped answers nothing that waited, and says nothing due before its other timers have run', () => {
    const { announcer, lan, counts, ask, time } = stage();
    announcer.announce(VIP, { probe: false });
    time.advance(100);
    const frames = lan.frames.length;
    const stoppedMs = time.wallMs();
    const taken: number[] = [];
    time.after(420, () => taken.push(lan.frames.length)); // the session's timer: due after the second of the burst
    time.stop(1_000);
    lan.inject(arpRequest(CLIENT, ipv4Value('192.168.10.200'), ipv4Value(VIP)), stoppedMs + 10);
    lan.inject(arpAnnouncement(FOE, ipv4Value(VIP)), stoppedMs + 20);
    assert.equal(lan.frames.length, frames);
    assert.equal(counts.get('arp_received stale'), 2);
    assert.equal(ask(VIP), '02:00:00:00:00:11', 'what comes now is answered');
    const answered = lan.frames.length;
    time.advance(1);
    assert.deepEqual(taken, [answered], 'the session had its turn');
    assert.equal(lan.frames.length, answered + 2, 'then the burst goes on');
  });

  it('an objection to a probe counts though it waited', () => {
    const { announcer, lan, events, time } = stage();
    announcer.announce(VIP, { probe: true });
    const stoppedMs = time.wallMs();
    time.stop(1_000);
    lan.inject(arpAnnouncement(FOE, ipv4Value(VIP)), stoppedMs + 10);
    time.advance(100);
    assert.deepEqual(kinds(events), ['failed']);
  });

  it('what is announced is said once more when asked again, with or without a probe', () => {
    const { announcer, lan, events, ask, time } = stage();
    announcer.announce(VIP, { probe: false });
    time.advance(2_000);
    for (const probe of [false, true]) {
      const before = lan.frames.length;
      announcer.announce(VIP, { probe });
      const said = lan.frames.slice(before).map((frame) => ArpView.over(frame));
      assert.deepEqual(
        said.map((arp) => arp?.senderIp),
        [ipv4Value(VIP), ipv4Value(VIP)],
      );
      assert.equal(ask(VIP), '02:00:00:00:00:11', 'and answered for all the while');
    }
    assert.deepEqual(kinds(events), ['announced']);
  });

  it('what is probed stays probed when asked again with a probe', () => {
    const { announcer, lan } = stage();
    announcer.announce(VIP, { probe: true });
    const frames = lan.frames.length;
    announcer.announce(VIP, { probe: true });
    assert.equal(lan.frames.length, frames);
  });

  it('an objection to a probe: not announced, told with the MAC, tried again', () => {
    const { announcer, time, lan, events, ask } = stage();
    announcer.announce(VIP, { probe: true });
    lan.inject(arpAnnouncement(FOE, ipv4Value(VIP)));
    time.advance(9_999);
    assert.equal(ask(VIP), undefined);
    assert.deepEqual(events, [
      { kind: 'failed', address: VIP, link: 'eth0', byMac: '02:00:00:00:00:66', retryMs: 10_000, heldMs: 0 },
    ]);
    assert.deepEqual(announcer.status(), [
      { address: VIP, link: 'eth0', state: 'conflicted', heldMs: 0, byMac: '02:00:00:00:00:66', retryMs: 1 },
    ]);
    time.advance(31);
    assert.equal(ask(VIP), '02:00:00:00:00:11');
  });

  it('a later claim is defended once per 10 s, and told as often, with how many it stands for', () => {
    const { announcer, time, lan, events, counts } = stage();
    announcer.announce(VIP, { probe: false });
    for (let i = 0; i <= 100; i++) {
      lan.inject(arpAnnouncement(FOE, ipv4Value(VIP)));
      time.advance(100);
    }
    const conflict = { kind: 'conflict', address: VIP, link: 'eth0', byMac: '02:00:00:00:00:66', defended: true };
    assert.deepEqual(events.slice(1), [
      { ...conflict, times: 1 },
      { ...conflict, times: 100 },
    ]);
    assert.equal(counts.get(`conflicts ${VIP}`), 101);
  });

  it('a host that invents a MAC for each frame is not reported for each, and the next real one is', () => {
    const { announcer, time, lan, events } = stage();
    announcer.announce(VIP, { probe: false });
    for (let i = 0; i < 5_000; i++) {
      const invented = Buffer.from(FOE);
      invented.writeUInt32BE(i, 2);
      lan.inject(arpAnnouncement(invented, ipv4Value(VIP)));
    }
    assert.equal(kinds(events).filter((kind) => kind === 'conflict').length, 32);
    time.advance(10_000);
    lan.inject(arpAnnouncement(FOE, ipv4Value(VIP)));
    const last = events.at(-1);
    assert.ok(last?.kind === 'conflict' && last.byMac === '02:00:00:00:00:66');
  });

  it('a claim of a pool member is a hand-over', () => {
    const { announcer, lan, events } = stage();
    announcer.setPoolMacs(['02:00:00:00:00:66'.toUpperCase()]);
    announcer.announce(VIP, { probe: true });
    lan.inject(arpProbe(FOE, ipv4Value(VIP)));
    lan.inject(arpAnnouncement(FOE, ipv4Value(VIP)));
    lan.inject(arpAnnouncement(FOE, ipv4Value(VIP)));
    assert.deepEqual(events, [{ kind: 'hand-over', address: VIP, link: 'eth0', byMac: '02:00:00:00:00:66' }]);
  });

  it('what another link of this node says on the same LAN is no conflict', () => {
    const { announcer, lan, events, links } = stage([memoryLink(), memoryLink({ index: 3, name: 'eth1', mac: FOE })]);
    announcer.announce(VIP, { probe: false });
    lan.inject(arpAnnouncement(FOE, ipv4Value(VIP)));
    assert.deepEqual(kinds(events), ['announced']);
    links.set([memoryLink()]);
    lan.inject(arpAnnouncement(FOE, ipv4Value(VIP)));
    assert.deepEqual(kinds(events), ['announced', 'links-changed', 'conflict'], 'that link is gone: a stranger');
  });

  it('a pool member that goes on claiming is a second owner, counted each time, told with both MACs', () => {
    const { announcer, lan, events, counts, time } = stage();
    announcer.setPoolMacs(['02:00:00:00:00:66']);
    announcer.announce(VIP, { probe: false });
    time.advance(5_000);
    const claim = () => lan.inject(arpAnnouncement(FOE, ipv4Value(VIP)));
    for (const ms of [0, 500, 500, 500]) {
      time.advance(ms);
      claim();
    }
    const where = { address: VIP, link: 'eth0', byMac: '02:00:00:00:00:66' };
    const owners = { ...where, ownMac: '02:00:00:00:00:11', forMs: 1_000 };
    assert.deepEqual(events.slice(1), [
      { kind: 'hand-over', ...where },
      { kind: 'duplicate-owner', ...owners },
    ]);
    assert.equal(counts.get(`duplicate_owners ${VIP}`), 2);
    assert.equal(announcer.status()[0]?.byMac, '02:00:00:00:00:66');
    announcer.announce(VIP, { probe: false });
    time.advance(500);
    claim();
    assert.equal(counts.get(`duplicate_owners ${VIP}`), 2, 'the pool settled it: it begins anew');
    assert.equal(announcer.status()[0]?.byMac, undefined);
  });

  it('two short hand-overs far apart are no second owner', () => {
    const { announcer, lan, counts, time } = stage();
    announcer.setPoolMacs(['02:00:00:00:00:66']);
    announcer.announce(VIP, { probe: false });
    for (let i = 0; i < 3; i++) {
      time.advance(200_000);
      lan.inject(arpAnnouncement(FOE, ipv4Value(VIP)));
    }
    assert.equal(counts.has(`duplicate_owners ${VIP}`), false);
  });

  for (const address of [
    'fd00::0:1',
    'FD00::1',
    '::ffff:192.168.10.240',
    'fe80::1%eth0',
    'nonsense',
    '192.168.010.1',
  ]) {
    it(`refuses ${address}`, () => {
      const can = stage().announcer.canAnnounce(address);
      assert.equal(can.ok ? 'ok' : can.reason, 'not-an-address');
    });
  }

  it('a hub that withdraws while it hears of the announcement is obeyed', () => {
    const { announcer, hooks, ask, time } = stage();
    hooks.onEvent = (event) => {
      if (event.kind === 'announced') announcer.withdraw(VIP);
    };
    announcer.announce(VIP, { probe: true });
    time.advance(100);
    assert.equal(ask(VIP), undefined);
    assert.deepEqual(announcer.status(), []);
  });

  it('close leaves no timer and no socket', () => {
    const { announcer, time, lan, links, events } = stage();
    announcer.announce(VIP, { probe: true });
    announcer.close();
    links.set([]);
    assert.deepEqual([time.pending, lan.openSockets, events.length], [0, 0, 0]);
  });
});
