import { strict as assert } from 'node:assert';
import { Placement } from '../../../edge-speaker/src/announce/placement.ts';
import type { Link } from '../../../edge-speaker/src/ports/links.ts';
import { memoryLink } from '../../support/memory-lan.ts';

const VIP = 'fd00:10::f0';

/** eth0 with the LAN's subnet, and the address itself in the state that is asked for. */
function holding(own: object): Link {
  const node = { ip: 'fd00:10::11', prefixBits: 64, family: 'IPv6' as const };
  return memoryLink({ addresses: [node, { ip: VIP, prefixBits: 64, family: 'IPv6', ...own }] });
}

describe('Placement', () => {
  it('an address that this node has is the kernel’s to answer for', () => {
    const answer = new Placement([holding({})], []).placeOf(VIP);
    assert.deepEqual(answer, { ok: false, reason: 'own-address', detail: `eth0 has ${VIP}` });
  });

  it('not so when duplicate address detection refused it: its place is the same LAN', () => {
    const link = holding({ duplicate: true });
    assert.deepEqual(new Placement([link], []).placeOf(VIP), { ok: true, link });
  });

  it('an interface that becomes a port is none any more, and its addresses belong elsewhere', () => {
    const eth0 = memoryLink();
    const placement = new Placement([eth0], []);
    assert.equal(placement.placeOf('192.168.10.240').ok, true);
    assert.equal(placement.update([{ ...eth0, portOf: 9 }]), true);
    assert.deepEqual(placement.all, []);
    assert.equal(placement.placeOf('192.168.10.240').ok, false);
  });

  it('Pods that come and go change nothing', () => {
    const eth0 = memoryLink();
    const placement = new Placement([eth0], []);
    assert.equal(placement.update([eth0, memoryLink({ index: 7, name: 'cali12ab' })]), false);
  });
});
