import { strict as assert } from 'node:assert';
import type { Judged } from '../../../edge-speaker/src/candidates/candidate-index.ts';
import { NewAddresses } from '../../../edge-speaker/src/candidates/new-addresses.ts';
import type { Candidate } from '../../../edge-speaker/src/candidates/offers.ts';

const VIP = '192.168.1.1';
const PROBING_MS = 30;
const OBJECTION_MS = 7_000;
/** A second for members to hear of it, the probes, the objections. */
const SETTLED_MS = 1_000 + PROBING_MS + OBJECTION_MS;

const candidate: Candidate = {
  ...{ address: VIP, serviceKeys: ['ns/web'], serviceUids: ['u'], resourceVersion: 1n },
  ...{ unserved: false, restsOn: [], endpoints: 'not-asked' },
};
const came: Judged = { address: VIP, before: undefined, after: candidate };
const went: Judged = { address: VIP, before: candidate, after: undefined };

function fresh(announced: string[] = []): NewAddresses {
  const addresses = new NewAddresses();
  addresses.update([came], new Set(announced), 0);
  return addresses;
}

const newness = (claimed: boolean) => ({
  probingMs: PROBING_MS,
  objectionMs: OBJECTION_MS,
  isHeldElsewhere: () => claimed,
});

describe('an address that is new to the NodePool', () => {
  const cases: { name: string; atMs: number; isOwn?: boolean; claimed?: boolean; want: boolean }[] = [
    { name: 'nobody has it', atMs: 0, want: true },
    { name: 'whoever has it may be asking still', atMs: 1_029, claimed: true, want: true },
    { name: 'this node has it and may be asking still', atMs: 1_029, isOwn: true, want: true },
    { name: 'another member hands it over', atMs: 1_030, claimed: true, want: false },
    { name: 'this node has it', atMs: 1_030, isOwn: true, want: false },
    { name: 'another member had it and gave it up', atMs: 1_030, want: true },
    { name: 'nobody has had it for an hour', atMs: 3_600_000, want: true },
  ];
  for (const { name, atMs, isOwn = false, claimed = false, want } of cases) {
    it(`${name} after ${atMs} ms: ${want ? 'the LAN is asked' : 'it is taken over'}`, () => {
      assert.equal(fresh().mustProbe(VIP, isOwn, newness(claimed), atMs), want);
    });
  }

  it('is new until somebody has it after the time for objections', () => {
    const addresses = fresh();
    const settled = (atMs: number, own: boolean, claimed: boolean) =>
      addresses.takeSettled(newness(claimed), () => own, atMs);
    assert.equal(addresses.dueMs(newness(false), 0), SETTLED_MS);
    assert.deepEqual(settled(SETTLED_MS - 1, true, true), []);
    assert.deepEqual(settled(SETTLED_MS, false, false), []);
    assert.equal(addresses.dueMs(newness(false), SETTLED_MS), undefined);
    assert.deepEqual(settled(2 * SETTLED_MS, false, true), [VIP]);
    assert.deepEqual(
      [addresses.has(VIP), addresses.mustProbe(VIP, false, newness(false), 2 * SETTLED_MS)],
      [false, false],
    );
  });

  it('is not one that was announced before, nor one that went', () => {
    assert.equal(fresh([VIP]).mustProbe(VIP, false, newness(false), 0), false);
    const addresses = fresh();
    addresses.update([went], new Set(), 1);
    assert.equal(addresses.has(VIP), false);
  });
});
