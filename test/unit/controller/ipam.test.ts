import { strict as assert } from 'node:assert';
import { formatIpAddress, parseIpAddress, parseIpRange } from '@openyurt/nodepool-types';
import fc from 'fast-check';
import { AddressSet, lowestAbsent } from '../../../cloud-controller/src/ipam/address-set.ts';
import { BIT_TREE_SPAN, BitTree } from '../../../cloud-controller/src/ipam/bit-tree.ts';
import { ReuseMap } from '../../../cloud-controller/src/ipam/reuse-map.ts';
import { poolSize, SiteRanges } from '../../../cloud-controller/src/ipam/site-ranges.ts';
import { config } from './world.ts';

const small = fc.integer({ min: 0, max: 200 });
const change = fc.record({ add: fc.boolean(), from: small, length: fc.integer({ min: 1, max: 80 }) });

describe('BitTree', () => {
  it('finds the next absent number as a plain set would', () => {
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 30 }),
        fc.constantFrom(0, 1000, 2 ** 32 - 300),
        small,
        (changes, base, from) => {
          const tree = new BitTree();
          const plain = new Set<number>();
          for (const { add, from: first, length } of changes) {
            for (let n = first; n < first + length; n++) {
              if (add) tree.add(base + n);
              else tree.delete(base + n);
              if (add) plain.add(base + n);
              else plain.delete(base + n);
            }
          }
          let want = base + from;
          while (plain.has(want)) want++;
          assert.equal(tree.nextAbsent(base + from), want);
          assert.equal(tree.size, plain.size);
          assert.equal(tree.has(base + from), plain.has(base + from));
        },
      ),
    );
  });

  it('says when nothing is absent up to the end', () => {
    const tree = new BitTree();
    for (let n = BIT_TREE_SPAN - 1024; n < BIT_TREE_SPAN; n++) tree.add(n);
    assert.ok(tree.nextAbsent(BIT_TREE_SPAN - 1024) >= BIT_TREE_SPAN);
    tree.delete(BIT_TREE_SPAN - 5);
    assert.equal(tree.nextAbsent(BIT_TREE_SPAN - 1024), BIT_TREE_SPAN - 5);
  });
});

describe('ReuseMap', () => {
  it('behaves as a Map while entries come and go', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 300 })), { maxLength: 600 }), (steps) => {
        const map = new ReuseMap<number, string>();
        const plain = new Map<number, string>();
        for (const [add, key] of steps) {
          if (add) map.set(key, `${key}`);
          else map.delete(key);
          if (add) plain.set(key, `${key}`);
          else plain.delete(key);
        }
        assert.equal(map.size, plain.size);
        assert.deepEqual([...map.keys()].sort(), [...plain.keys()].sort());
        assert.deepEqual([...map.values()].sort(), [...plain.values()].sort());
        assert.ok([...plain.keys()].every((key) => map.get(key) === `${key}`));
      }),
    );
  });
});

describe('lowestAbsent', () => {
  const rows: { name: string; range: string; taken: string[][]; buggy?: boolean; want: string | undefined }[] = [
    { name: 'the first of an empty range', range: '10.0.0.0/24', taken: [], want: '10.0.0.0' },
    { name: 'past what one set holds', range: '10.0.0.0/24', taken: [['10.0.0.0', '10.0.0.1']], want: '10.0.0.2' },
    {
      name: 'past sets in turn',
      range: '10.0.0.0/24',
      taken: [['10.0.0.0', '10.0.0.2'], ['10.0.0.1']],
      want: '10.0.0.3',
    },
    { name: 'none left', range: '10.0.0.1', taken: [['10.0.0.1']], want: undefined },
    { name: '.0 is avoided', range: '10.0.0.0/24', taken: [], buggy: true, want: '10.0.0.1' },
    { name: '.255 and .0 are avoided', range: '10.0.0.255-10.0.1.9', taken: [], buggy: true, want: '10.0.1.1' },
    { name: 'only avoided ones', range: '10.0.0.255-10.0.1.0', taken: [], buggy: true, want: undefined },
    { name: 'the last address there is', range: '255.255.255.255', taken: [], want: '255.255.255.255' },
    { name: 'nothing after the last', range: '255.255.255.255', taken: [['255.255.255.255']], want: undefined },
    { name: 'a huge range', range: 'fd00::/8', taken: [['fd00::', 'fd00::1']], want: 'fd00::2' },
    {
      name: 'over the edge of 2^32',
      range: 'fd00::ffff:ffff-fd00::1:0:5',
      taken: [['fd00::ffff:ffff']],
      want: 'fd00::1:0:0',
    },
    { name: 'IPv6 has no buggy addresses', range: 'fd00::/64', taken: [], buggy: true, want: 'fd00::' },
  ];
  for (const { name, range, taken, buggy = false, want } of rows) {
    it(name, () => {
      const sets = taken.map((texts) => {
        const set = new AddressSet();
        for (const text of texts) set.add(parseIpAddress(text));
        return set;
      });
      const parsed = parseIpRange(range);
      const value = lowestAbsent(parsed, parsed.first, sets, buggy);
      assert.equal(value === undefined ? undefined : formatIpAddress({ family: parsed.family, value }), want);
    });
  }
});

describe('SiteRanges', () => {
  const ranges = new SiteRanges(
    config([
      { name: 'low', addresses: ['10.0.0.10-10.0.0.19', '10.0.2.0/24'] },
      { name: 'high', addresses: ['10.0.1.0/24', 'fd00::/120'], avoidBuggy: true },
    ]),
  );
  const rows: [string, string | undefined][] = [
    ['10.0.0.9', undefined],
    ['10.0.0.10', 'low'],
    ['10.0.0.20', undefined],
    ['10.0.1.255', 'high'],
    ['10.0.2.0', 'low'],
    ['10.0.3.0', undefined],
    ['fd00::ff', 'high'],
    ['fd00::100', undefined],
  ];
  for (const [address, want] of rows) {
    it(`${address} is in ${want ?? 'none'}`, () => assert.equal(ranges.poolOf(parseIpAddress(address))?.name, want));
  }
  it('counts exactly, beyond 2^53 and without avoided addresses', () => {
    const [low, high] = ranges.config.pools;
    assert.ok(low !== undefined && high !== undefined);
    assert.equal(poolSize(low, 'IPv4'), 266n);
    assert.equal(poolSize(high, 'IPv4'), 254n);
    assert.equal(poolSize(high, 'IPv6'), 256n);
    const [huge] = config([{ addresses: ['fd00::/8'] }]).pools;
    assert.ok(huge !== undefined);
    assert.equal(poolSize(huge, 'IPv6'), 2n ** 120n);
  });
});
