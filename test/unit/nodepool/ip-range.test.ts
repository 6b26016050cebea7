import { strict as assert } from 'node:assert';
import {
  type AddressPool,
  formatIpAddress,
  LbError,
  parseIpAddress,
  parseIpRange,
  rangeHolds,
  rangeSize,
  rangesOverlap,
  usableAddresses,
} from '@openyurt/nodepool-types';
import fc from 'fast-check';
import { findOverlaps } from '../../../nodepool/src/range-overlaps.ts';

const good: { text: string; first: string; last: string; size: bigint }[] = [
  { text: '10.0.0.1-10.0.0.9', first: '10.0.0.1', last: '10.0.0.9', size: 9n },
  { text: '10.0.0.1 - 10.0.0.1', first: '10.0.0.1', last: '10.0.0.1', size: 1n },
  { text: '10.0.0.7', first: '10.0.0.7', last: '10.0.0.7', size: 1n },
  { text: '192.168.10.7/24', first: '192.168.10.0', last: '192.168.10.255', size: 256n },
  { text: '10.0.0.1/32', first: '10.0.0.1', last: '10.0.0.1', size: 1n },
  { text: '0.0.0.0/0', first: '0.0.0.0', last: '255.255.255.255', size: 1n << 32n },
  { text: 'fd00:10::/64', first: 'fd00:10::', last: 'fd00:10::ffff:ffff:ffff:ffff', size: 1n << 64n },
  { text: 'fd00::1-fd00::ff', first: 'fd00::1', last: 'fd00::ff', size: 255n },
  { text: '::/0', first: '::', last: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', size: 1n << 128n },
];

const bad: [string, RegExp][] = [
  ['10.0.0.9-10.0.0.1', /Did you mean 10\.0\.0\.1-10\.0\.0\.9/],
  ['10.0.0.1-fd00::1', /one range for each family/],
  ['10.0.0.0/33', /0 to 32/],
  ['fd00::/129', /0 to 128/],
  ['10.0.0.0/', /0 to 32/],
  ['10.0.0.0/ 24', /0 to 32/],
  ['10.0.0.0/-1', /0 to 32/],
  ['10.0.0.0/0x8', /0 to 32/],
  ['10.0.0.1-', /192\.168\.10\.0\/24/],
  ['-10.0.0.1', /192\.168\.10\.0\/24/],
  ['10.0.0.1-10.0.0.2-10.0.0.3', /192\.168\.10\.0\/24/],
  ['', /192\.168\.10\.0\/24/],
];

const ipv4 = fc
  .integer({ min: 0, max: 0xffffffff })
  .map((value) => ({ family: 'IPv4' as const, value: BigInt(value) }));
const ipv6 = fc.bigInt({ min: 1n << 80n, max: (1n << 128n) - 1n }).map((value) => ({ family: 'IPv6' as const, value }));
const ends = fc.oneof(fc.tuple(ipv4, ipv4), fc.tuple(ipv6, ipv6));
const range = ends.map(([a, b]) => {
  const [first, last] = a.value <= b.value ? [a, b] : [b, a];
  return parseIpRange(`${formatIpAddress(first)}-${formatIpAddress(last)}`);
});
/** Ranges so close together that many overlap. */
const crowded = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 6 })).map(([at, more]) => {
  const last = at + more;
  return parseIpRange(`10.0.0.${at}-10.0.0.${last}`);
});

const forAll = { priority: 0, namespaces: [], serviceSelectors: [] };

describe('IP ranges', () => {
  for (const { text, first, last, size } of good) {
    it(`${text} is ${first} to ${last}`, () => {
      const { family, ...read } = parseIpRange(text);
      assert.deepEqual(read, { first: parseIpAddress(first).value, last: parseIpAddress(last).value, text });
      assert.equal(rangeSize({ family, ...read }), size);
    });
  }

  for (const [text, remedy] of bad) {
    it(`${JSON.stringify(text)} is refused`, () => {
      assert.throws(
        () => parseIpRange(text),
        (error) => error instanceof LbError && error.code === 'LB_BAD_RANGE' && remedy.test(error.remedy),
      );
    });
  }

  it('holds its ends and not their outer neighbours', () => {
    fc.assert(
      fc.property(range, ({ family, first, last, text }) => {
        const holds = (value: bigint) => rangeHolds({ family, first, last, text }, { family, value });
        assert.deepEqual([holds(first), holds(last), holds(first - 1n), holds(last + 1n)], [true, true, false, false]);
      }),
    );
  });

  it('overlap means a shared address, whichever is asked', () => {
    fc.assert(
      fc.property(crowded, crowded, (a, b) => {
        let shared = false;
        for (let value = a.first; value <= a.last; value++) shared ||= rangeHolds(b, { family: 'IPv4', value });
        assert.equal(rangesOverlap(a, b), shared);
        assert.equal(rangesOverlap(b, a), shared);
      }),
    );
  });

  it('never overlaps across families', () => {
    assert.equal(rangesOverlap(parseIpRange('0.0.0.0/0'), parseIpRange('::/0')), false);
  });

  it('finds every range that overlaps another, and no other', () => {
    fc.assert(
      fc.property(fc.array(crowded, { maxLength: 12 }), (ranges) => {
        const placed = ranges.map((one, index) => ({ range: one, from: index }));
        const pairs = findOverlaps(placed);
        for (const { first, second } of pairs) {
          assert.ok(first.from < second.from);
          assert.ok(rangesOverlap(first.range, second.range));
        }
        const found = new Set(pairs.flatMap(({ first, second }) => [first.from, second.from]));
        const want = placed.filter((a) => placed.some((b) => a !== b && rangesOverlap(a.range, b.range)));
        assert.deepEqual([...found].sort(), want.map(({ from }) => from).sort());
      }),
    );
  });

  for (const [text, usable] of [
    ['fd00::/126', 3n],
    ['fd00::1-fd00::4', 4n],
    ['fd00::', 0n],
    ['fd00::/62', 4n * ((1n << 64n) - 1n)],
    ['fd00::ffff:ffff:ffff:ffff-fd00:0:0:1::', 1n],
  ] as const) {
    it(`${text} has ${usable} addresses that are no subnet router's`, () => {
      const pool: AddressPool = {
        name: 'p',
        ranges: [parseIpRange(text)],
        autoAssign: true,
        avoidBuggyIps: true,
        ...forAll,
      };
      assert.equal(usableAddresses(pool), usable);
    });
  }

  it('counts usable addresses as one by one', () => {
    const small = fc.tuple(fc.integer({ min: 0, max: 700 }), fc.integer({ min: 0, max: 600 }));
    fc.assert(
      fc.property(small, fc.boolean(), ([at, more], avoidBuggyIps) => {
        const first = { family: 'IPv4', value: BigInt(at) } as const;
        const last = { family: 'IPv4', value: BigInt(at + more) } as const;
        const only = parseIpRange(`${formatIpAddress(first)}-${formatIpAddress(last)}`);
        let want = 0n;
        for (let value = at; value <= at + more; value++) {
          if (!avoidBuggyIps || (value % 256 !== 0 && value % 256 !== 255)) want++;
        }
        const pool: AddressPool = { name: 'p', ranges: [only], autoAssign: true, avoidBuggyIps, ...forAll };
        assert.equal(usableAddresses(pool), want);
      }),
    );
  });
});
