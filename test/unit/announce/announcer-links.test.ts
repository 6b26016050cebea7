import { strict as assert } from 'node:assert';
import { LbError } from '@openyurt/nodepool-types';
import type { Link } from '../../../edge-speaker/src/ports/links.ts';
import { memoryLink } from '../../support/memory-lan.ts';
import { kinds, SETTINGS, stage } from './announcer-stage.ts';

const VIP = '192.168.10.240';

describe('Announcer, links', () => {
  const losses: { name: string; links: Link[]; reason: string }[] = [
    { name: 'the cable is pulled', links: [memoryLink({ carrier: false })], reason: 'no-carrier' },
    { name: 'the interface goes down', links: [memoryLink({ up: false, carrier: false })], reason: 'link-down' },
    { name: 'the interface is removed', links: [], reason: 'no-link' },
    {
      name: 'another interface gets the subnet',
      links: [
        memoryLink({ addresses: [{ ip: '10.0.0.1', prefixBits: 24, family: 'IPv4' }] }),
        memoryLink({ index: 3, name: 'eth1' }),
      ],
      reason: 'link-changed',
    },
    {
      name: 'the node itself gets the address',
      links: [memoryLink({ addresses: [{ ip: VIP, prefixBits: 24, family: 'IPv4' }] })],
      reason: 'own-address',
    },
  ];
  for (const { name, links: after, reason } of losses) {
    it(`${name}: withdrawn at once, ${reason}, and announced again only when asked`, () => {
      const { announcer, time, links, lan, events, ask } = stage();
      announcer.announce(VIP, { probe: false });
      time.advance(1_000);
      links.set(after);
      assert.deepEqual(events.slice(1), [
        { kind: 'withdrawn', address: VIP, link: 'eth0', reason, heldMs: 1_000 },
        { kind: 'links-changed' },
      ]);
      links.set([memoryLink()]);
      const frames = lan.frames.length;
      time.advance(100_000);
      assert.equal(lan.frames.length, frames);
      assert.equal(announcer.announce(VIP, { probe: false }).ok, true);
      assert.equal(ask(VIP), '02:00:00:00:00:11');
    });
  }

  it('a new MAC of the interface is told and answered with', () => {
    const { announcer, links, lan, ask } = stage();
    announcer.announce(VIP, { probe: false });
    const frames = lan.frames.length;
    links.set([memoryLink({ mac: Buffer.from('020000000022', 'hex') })]);
    assert.equal(lan.frames.length, frames + 2);
    assert.equal(ask(VIP), '02:00:00:00:00:22');
  });

  it('a socket that dies takes its addresses along, and is opened again', () => {
    const { announcer, time, lan, events } = stage();
    announcer.announce(VIP, { probe: false });
    lan.fail(2);
    assert.deepEqual(kinds(events), ['announced', 'withdrawn', 'links-changed']);
    assert.equal(announcer.canAnnounce(VIP).ok, false);
    time.advance(1_000);
    assert.deepEqual(kinds(events).at(-1), 'links-changed');
    assert.equal(announcer.canAnnounce(VIP).ok, true);
    assert.equal(lan.openSockets, 1);
  });

  it('says why no socket opens', () => {
    const { announcer, lan } = stage();
    lan.refusal = new LbError('LB_CAPABILITY_MISSING', 'CAP_NET_RAW is missing', 'Give it.');
    assert.deepEqual(announcer.announce(VIP, { probe: false }), {
      ok: false,
      reason: 'socket-refused',
      detail: 'LB_CAPABILITY_MISSING: CAP_NET_RAW is missing',
    });
  });

  it('a site that names other interfaces moves addresses off the old one', () => {
    const { announcer, events } = stage([memoryLink(), memoryLink({ index: 3, name: 'eth1', addresses: [] })]);
    announcer.announce(VIP, { probe: false });
    announcer.configure({ ...SETTINGS, interfaces: ['eth1'] });
    assert.deepEqual(kinds(events), ['announced', 'withdrawn', 'links-changed']);
    const can = announcer.canAnnounce(VIP);
    assert.equal(can.ok && can.link.name, 'eth1');
  });
});
