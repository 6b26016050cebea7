import { strict as assert } from 'node:assert';
import type { Judged } from '../../../edge-speaker/src/candidates/candidate-index.ts';
import { NewAddresses } from '../../../edge-speaker/src/candidates/new-addresses.ts';
import type { Candidate } from '../../../edge-speaker/src/candidates/offers.ts';

const VIP = '192.168.1.1';
const PROBING_MS = 30;
const OBJECTION_MS = 7_000;
/** A second for members to hear of it, the probes, the objections. */
const LOOK_MS = 1_000 + PROBING_MS + OBJECTION_MS;

const candidate: Candidate = {
  ...{ address: VIP, serviceKeys: ['ns/web'], serviceUids: ['u'], resourceVersion: 1n },
  ...{ unserved: false, restsOn: [], endpoints: 'not-asked' },
};
const came = (address = VIP): Judged => ({ address, before: undefined, after: { ...candidate, address } });
const went: Judged = { address: VIP, before: candidate, after: undefined };

/** @param ownMs how long this node has announced it @param otherMs how long another member has had it */
const newness = (ownMs?: number, otherMs?: number) => ({
  ...{ probingMs: PROBING_MS, objectionMs: OBJECTION_MS },
  ...{ announcedMs: () => ownMs, heldElsewhereMs: () => otherMs },
});

function fresh(announced: string[] = []): NewAddresses {
  const addresses = new NewAddresses();
  addresses.update([came()], new Set(announced), newness(), 0);
  return addresses;
}

describe('an address that is new to the NodePool', () => {
  const cases: { name: string; ownMs?: number; otherMs?: number; resumed?: boolean; want: boolean }[] = [
    { name: 'nobody has it', want: true },
    { name: 'whoever has it may be asking still', otherMs: 279, want: true },
    { name: 'another member hands it over, or died with it', otherMs: 280, want: false },
    { name: 'this node has it', ownMs: 0, want: false },
    { name: 'this node took it back in the middle of asking', resumed: true, want: true },
  ];
  for (const { name, ownMs, otherMs, resumed = false, want } of cases) {
    it(`${name}: ${want ? 'the LAN is asked' : 'it is taken over'}`, () => {
      assert.equal(fresh().mustProbe(VIP, resumed, newness(ownMs, otherMs)), want);
    });
  }

  it('is had again without a question after a doubt of this node, where it was announced', () => {
    const addresses = fresh();
    addresses.withdrawn(VIP, true);
    assert.deepEqual(
      [addresses.mustProbe(VIP, true, newness()), addresses.mustProbe(VIP, false, newness())],
      [false, true],
    );
    addresses.withdrawn(VIP, false);
    assert.equal(addresses.mustProbe(VIP, true, newness()), true);
  });

  const settling: { name: string; ownMs?: number; otherMs?: number; want: boolean }[] = [
    { name: 'nobody has it', want: false },
    { name: 'another member has it, but an objection may come', otherMs: PROBING_MS + OBJECTION_MS - 1, want: false },
    { name: 'another member has had it all that time', otherMs: PROBING_MS + OBJECTION_MS, want: true },
    { name: 'this node has it, but an objection may come', ownMs: OBJECTION_MS - 1, want: false },
    { name: 'this node has had it all that time', ownMs: OBJECTION_MS, want: true },
  ];
  for (const { name, ownMs, otherMs, want } of settling) {
    it(`${name}: it is ${want ? 'new no more' : 'looked at again later, by itself'}`, () => {
      const addresses = fresh();
      assert.equal(addresses.dueMs(), LOOK_MS);
      assert.deepEqual(addresses.takeSettled(newness(ownMs, otherMs), LOOK_MS - 1), []);
      assert.deepEqual(addresses.takeSettled(newness(ownMs, otherMs), LOOK_MS), want ? [VIP] : []);
      assert.deepEqual([addresses.has(VIP), addresses.dueMs()], [!want, want ? undefined : 2 * LOOK_MS]);
    });
  }

  it('is new again once another host objected, until it was held that long since', () => {
    const addresses = fresh();
    assert.deepEqual(addresses.takeSettled(newness(OBJECTION_MS), LOOK_MS), [VIP]);
    addresses.refused(VIP, newness(), LOOK_MS);
    assert.equal(addresses.mustProbe(VIP, false, newness()), true);
    assert.deepEqual(addresses.takeSettled(newness(undefined, PROBING_MS + OBJECTION_MS), 2 * LOOK_MS), [VIP]);
    assert.equal(addresses.mustProbe(VIP, false, newness()), false);
  });

  it('is not one that was announced before, nor one that went', () => {
    assert.equal(fresh([VIP]).mustProbe(VIP, false, newness()), false);
    const addresses = fresh();
    addresses.update([went], new Set(), newness(), 1);
    assert.equal(addresses.has(VIP), false);
  });

  it('ten thousand that nobody has cost a turn no more than a few', () => {
    const addresses = new NewAddresses();
    const all = Array.from({ length: 10_000 }, (_, i) => came(`10.${i >> 8}.${i & 255}.1`));
    addresses.update(all, new Set(), newness(), 0);
    let asked = 0;
    const heldElsewhereMs = () => {
      asked++;
      return undefined;
    };
    const counted = { ...newness(), heldElsewhereMs };
    for (let turn = 0; turn < 80; turn++) {
      const before = asked;
      addresses.takeSettled(counted, LOOK_MS);
      assert.ok(asked - before <= 128, `${asked - before} in one turn`);
    }
    assert.deepEqual([asked, addresses.dueMs()], [10_000, 2 * LOOK_MS]);
  });
});
