import { strict as assert } from 'node:assert';
import { AnnouncementTable } from '../../../edge-speaker/src/responder/announcement-table.ts';
import { ip6 } from '../../support/ndp-frames.ts';

const ETH0 = 2;
const VIP = 'fd00:10::f0';
const NONCE = 'a1b2c3d4e5f6';

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
    const phaseOf = (address: string) => own.findIpv6(ip6(address), 0, ETH0)?.phase;
    assert.deepEqual(alike.map(phaseOf), [undefined, 'probing', 'announced']);
    assert.equal(own.findIpv6(ip6('fd00:3::f0'), 0, 3), undefined, 'on one link only');
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
