import { strict as assert } from 'node:assert';
import { formatIpAddress, parseIpAddress, parseIpRange } from '@openyurt/nodepool-types';
import fc from 'fast-check';
import { AddressBook } from '../../../cloud-controller/src/ipam/address-book.ts';
import { AddressSet, lowestAbsent } from '../../../cloud-controller/src/ipam/address-set.ts';
import { BIT_TREE_SPAN, BitTree, nextAbsentFromAll } from '../../../cloud-controller/src/ipam/bit-tree.ts';
import { hashOf, KeyTable } from '../../../cloud-controller/src/ipam/key-table.ts';
import { Resting } from '../../../cloud-controller/src/ipam/resting.ts';
import { ReuseMap } from '../../../cloud-controller/src/ipam/reuse-map.ts';
import type { Holder } from '../../../cloud-controller/src/ipam/sharing.ts';
import { poolSize, SiteRanges } from '../../../cloud-controller/src/ipam/site-ranges.ts';
import { SiteUsage } from '../../../cloud-controller/src/ipam/usage.ts';
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

describe('nextAbsentFromAll', () => {
  it('finds what none of the trees has, as plain sets would', () => {
    const members = fc.array(fc.record({ from: small, length: fc.integer({ min: 1, max: 80 }), step: fc.nat(3) }), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(
        fc.array(members, { maxLength: 4 }),
        fc.constantFrom(0, 1000, 2 ** 32 - 300),
        small,
        (sets, base, from) => {
          const plain = new Set<number>();
          const trees = sets.map((runs) => {
            const tree = new BitTree();
            for (const { from: first, length, step } of runs) {
              for (let n = base + first; n < Math.min(base + first + length, BIT_TREE_SPAN); n += 1 + step) {
                tree.add(n);
                plain.add(n);
              }
            }
            return tree;
          });
          let want = base + from;
          while (plain.has(want)) want++;
          const found = nextAbsentFromAll(trees, base + from);
          if (want >= BIT_TREE_SPAN) assert.ok(found >= BIT_TREE_SPAN);
          else assert.equal(found, want);
        },
      ),
    );
  });
});

describe('KeyTable', () => {
  const entry = (hash: number, name: number) => ({ key: `${hash}/${name}`, hash });

  it('behaves as a Map while entries come and go, also when hashes collide and the table wraps', () => {
    const hash = fc.constantFrom(1, 2, 3, 60, 62, 63, 63 + 64, -1, 0x7fff_ffff);
    const keys = fc.oneof(fc.tuple(hash, fc.nat(8)), fc.tuple(fc.integer({ min: 1 }), fc.nat(2)));
    const step = fc.tuple(fc.boolean(), keys);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400, size: 'max' }), (steps) => {
        const table = new KeyTable<{ key: string; hash: number }>();
        const plain = new Map<string, { key: string; hash: number }>();
        for (const [add, [hash, name]] of steps) {
          const made = entry(hash, name);
          const had = plain.get(made.key);
          assert.equal(table.get(made.key, made.hash), had);
          if (add && had === undefined) {
            table.add(made);
            plain.set(made.key, made);
          } else if (!add && had !== undefined) {
            table.delete(had);
            plain.delete(had.key);
          }
        }
        assert.equal(table.size, plain.size);
        assert.deepEqual([...table.values()].map(({ key }) => key).sort(), [...plain.keys()].sort());
        for (const kept of plain.values()) assert.equal(table.get(kept.key, kept.hash), kept);
      }),
    );
  });

  it('grows and shrinks and finds all that is left', () => {
    const table = new KeyTable<{ key: string; hash: number }>();
    const all = Array.from({ length: 5000 }, (_, i) => ({ key: `default/s${i}`, hash: hashOf(`default/s${i}`) }));
    for (const one of all) table.add(one);
    for (const one of all.slice(10)) table.delete(one);
    assert.equal(table.size, 10);
    assert.deepEqual(
      all.map(({ key, hash }) => table.get(key, hash)?.key),
      all.map(({ key }, i) => (i < 10 ? key : undefined)),
    );
  });

  it('hashes to 32 bits, never 0, evenly enough for names that count up', () => {
    const slots = new Set<number>();
    for (let i = 0; i < 4096; i++) {
      const hash = hashOf(`default/service-${i}`);
      assert.ok(hash !== 0 && hash === (hash | 0));
      slots.add(hash & 4095);
    }
    assert.ok(slots.size > 2400, `${slots.size} of 4096 slots`); // by chance: 4096 * (1 - 1/e) = 2589
  });
});

describe('AddressBook', () => {
  const holder = (key: string, port: number): Holder => ({
    key,
    uid: key,
    ports: [{ protocol: 'TCP', port }],
    sharingKey: 'k',
    externalTrafficPolicy: 'Cluster',
    podSelector: '',
    namespace: 'n',
    labels: {},
  });
  const texts = ['10.0.0.1', '192.168.1.1', '255.255.255.255', 'fd00::1', 'fd00::1:0:0:1', '::'];

  it('holds what a plain list would, whatever is taken and given back', () => {
    const step = fc.record({
      take: fc.boolean(),
      key: fc.constantFrom('n/a', 'n/b', 'n/c'),
      nodePool: fc.constantFrom('east', 'west'),
      text: fc.constantFrom(...texts),
      all: fc.boolean(),
    });
    const ports = new Map([
      ['n/a', 80],
      ['n/b', 80],
      ['n/c', 443],
    ]);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const book = new AddressBook();
        let plain: { key: string; nodePool: string; text: string }[] = [];
        for (const { take, key, nodePool, text, all } of steps) {
          const port = ports.get(key) ?? 0;
          const address = parseIpAddress(text);
          const same = (held: { key: string; nodePool: string; text: string }) =>
            held.key === key && held.nodePool === nodePool && held.text === text;
          if (take) {
            const clash = plain.some((held) => held.key !== key && held.text === text && ports.get(held.key) === port);
            const refusal = book.take(nodePool, address, holder(key, port));
            assert.equal(refusal?.reason, clash && !plain.some(same) ? 'PortInUse' : undefined);
            if (!clash && !plain.some(same)) plain.push({ key, nodePool, text });
          } else if (all) {
            book.releaseAll(key);
            plain = plain.filter((held) => held.key !== key);
          } else {
            book.release(key, nodePool, address);
            plain = plain.filter((held) => !same(held));
          }
        }
        for (const [key, port] of ports) {
          assert.deepEqual(
            book.holdings(key).map((held) => ({ key, nodePool: held.nodePool, text: formatIpAddress(held.address) })),
            plain.filter((held) => held.key === key),
          );
          const inUse = new Set(plain.filter((held) => ports.get(held.key) === port).map(({ text }) => text));
          const [set, ...more] = book.portsInUse(holder(key, port));
          assert.equal(more.length, 0);
          assert.deepEqual([...(set?.values() ?? [])].map(formatIpAddress).sort(), [...inUse].sort());
        }
        assert.deepEqual([...book.services].sort(), [...new Set(plain.map(({ key }) => key))].sort());
        for (const nodePool of ['east', 'west']) {
          const used = new Set(plain.filter((held) => held.nodePool === nodePool).map(({ text }) => text));
          assert.deepEqual([...book.site(nodePool).used.values()].map(formatIpAddress).sort(), [...used].sort());
          for (const text of texts) {
            assert.deepEqual(
              book.holders(nodePool, parseIpAddress(text)).sort(),
              plain
                .filter((held) => held.nodePool === nodePool && held.text === text)
                .map(({ key }) => key)
                .sort(),
            );
          }
        }
      }),
    );
  });
});

describe('Resting', () => {
  const siteOf = (name: string) => new SiteUsage(name);
  const address = (octet: number) => parseIpAddress(`10.0.0.${octet}`);

  it('ends the rest of the oldest where too many rest, so memory is bounded', () => {
    const site = siteOf('shop');
    const resting = new Resting({ restMs: 10, nowMs: () => 0 }, 2);
    const ended = [1, 2, 3, 9].map((octet) => resting.begin(site, address(octet), `n/s${octet}`));
    assert.deepEqual(
      ended.map((one) => one?.service),
      [undefined, undefined, 'n/s1', 'n/s2'],
    );
    assert.deepEqual([...site.resting.values()].map(formatIpAddress), ['10.0.0.3', '10.0.0.9']);
    assert.deepEqual(resting.of('n/s1', site), []);
    assert.deepEqual(resting.of('n/s3', site).map(formatIpAddress), ['10.0.0.3']);
  });

  it('ends in order, each in its time; one that was taken meanwhile is not told', () => {
    let nowMs = 0;
    const [east, west] = [siteOf('east'), siteOf('west')];
    const resting = new Resting({ restMs: 10, nowMs: () => nowMs });
    assert.equal(resting.nextEndInMs(), undefined);
    resting.begin(east, address(1), 'n/a');
    nowMs = 4;
    resting.begin(west, address(1), 'n/a');
    resting.begin(west, address(2), 'n/b');
    resting.end(west, address(2));
    assert.equal(resting.nextEndInMs(), 6);
    nowMs = 9.5;
    assert.deepEqual([resting.endDue(), resting.nextEndInMs()], [[], 1]);
    nowMs = 14;
    const due = resting.endDue();
    assert.deepEqual(
      due.map(({ site, service }) => [site.nodePool, service]),
      [
        ['east', 'n/a'],
        ['west', 'n/a'],
      ],
    );
    assert.ok(resting.isEmpty && east.resting.size + west.resting.size === 0);
  });

  it('none rests where it is not asked for', () => {
    for (const book of [new AddressBook(), new AddressBook({ restMs: 0, nowMs: () => 0 })]) {
      const holder = { key: 'n/a', namespace: 'n', labels: {}, uid: 'u', ports: [], sharingKey: undefined } as const;
      book.take('shop', address(1), { ...holder, externalTrafficPolicy: 'Cluster', podSelector: '' });
      book.releaseAll('n/a');
      assert.deepEqual([book.site('shop').resting.size, book.resting?.nextEndInMs()], [0, undefined]);
    }
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
    { name: 'IPv6 has no buggy addresses', range: 'fd00::100/120', taken: [], buggy: true, want: 'fd00::100' },
    { name: 'the first of a /64 is its routers’', range: 'fd00::/120', taken: [], want: 'fd00::1' },
    { name: 'nothing but that', range: 'fd00::', taken: [], want: undefined },
    {
      name: 'the first of the next /64 as well',
      range: 'fd00::ffff:ffff:ffff:ffff-fd00:0:0:1::9',
      taken: [['fd00::ffff:ffff:ffff:ffff']],
      want: 'fd00:0:0:1::1',
    },
    { name: 'not the first of a /96', range: 'fd00::1:0:0/96', taken: [], want: 'fd00::1:0:0' },
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
    assert.equal(poolSize(high, 'IPv6'), 255n);
    const [huge] = config([{ addresses: ['fd00::/8'] }]).pools;
    assert.ok(huge !== undefined);
    assert.equal(poolSize(huge, 'IPv6'), 2n ** 120n - 2n ** 56n);
  });
});
