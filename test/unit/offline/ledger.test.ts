import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { type Item, Ledger } from '../../../edge-speaker/src/offline/ledger.ts';

const item = (key: string, rv: number, value: string | undefined = `${key}${rv}`): Item<string> => ({
  key,
  resourceVersion: BigInt(rv),
  value,
});
const held = (ledger: Ledger<string>) =>
  Object.fromEntries([...ledger.entries()].map(([key, { value }]) => [key, value]));

/** A ledger that knows a and b from a proven list of version 10. */
function known(): Ledger<string> {
  const ledger = new Ledger<string>();
  ledger.adoptList([item('a', 3), item('b', 5)], 10n, true, 0);
  return ledger;
}

interface Row {
  name: string;
  act: (ledger: Ledger<string>) => unknown;
  want: Record<string, string>;
  says?: unknown;
}

const AS_WAS = { a: 'a3', b: 'b5' };
const rows: Row[] = [
  {
    name: 'an old watch does not bring back what was deleted since',
    act: (l) => {
      l.adoptEvent('DELETED', item('a', 20), 0);
      l.adoptEvent('ADDED', item('a', 5), 0);
    },
    want: { b: 'b5' },
  },
  {
    name: 'a list without proof does not say how far the view is whole',
    act: (l) => {
      l.adoptList([item('c', 15)], 15n, false, 0);
      return l.highest;
    },
    want: { ...AS_WAS, c: 'c15' },
    says: 10n,
  },
  {
    name: 'a proven newer list removes what it lacks',
    act: (l) => l.adoptList([item('b', 5)], 11n, true, 0),
    want: { b: 'b5' },
    says: 'complete',
  },
  { name: 'a proven empty list empties', act: (l) => l.adoptList([], 11n, true, 0), want: {}, says: 'complete' },
  {
    name: 'a list without proof removes nothing',
    act: (l) => l.adoptList([item('b', 5)], 11n, false, 0),
    want: AS_WAS,
    says: 'merged',
  },
  {
    name: 'a list without resourceVersion removes nothing',
    act: (l) => l.adoptList([], undefined, true, 0),
    want: AS_WAS,
    says: 'merged',
  },
  {
    name: 'an older list is not adopted, though proven',
    act: (l) => l.adoptList([item('c', 4)], 9n, true, 0),
    want: AS_WAS,
    says: 'stale',
  },
  {
    name: 'a list of the same version is adopted',
    act: (l) => l.adoptList([item('a', 3)], 10n, true, 0),
    want: { a: 'a3' },
    says: 'complete',
  },
  {
    name: 'without proof news are taken',
    act: (l) => l.adoptList([item('a', 12)], 12n, false, 0),
    want: { a: 'a12', b: 'b5' },
    says: 'merged',
  },
  {
    name: 'without proof an unknown newer object is taken',
    act: (l) => l.adoptList([item('c', 12)], 12n, false, 0),
    want: { ...AS_WAS, c: 'c12' },
    says: 'merged',
  },
  {
    name: 'without proof an unknown older object was deleted since',
    act: (l) => l.adoptList([item('c', 4)], 4n, false, 0),
    want: AS_WAS,
    says: 'merged',
  },
  { name: 'an event adds', act: (l) => l.adoptEvent('ADDED', item('c', 11), 0), want: { ...AS_WAS, c: 'c11' } },
  { name: 'an event changes', act: (l) => l.adoptEvent('MODIFIED', item('a', 11), 0), want: { a: 'a11', b: 'b5' } },
  { name: 'an event of the past changes nothing', act: (l) => l.adoptEvent('MODIFIED', item('a', 2), 0), want: AS_WAS },
  { name: 'DELETED counts', act: (l) => l.adoptEvent('DELETED', item('a', 11), 0), want: { b: 'b5' } },
  {
    name: 'DELETED with the last state counts',
    act: (l) => l.adoptEvent('DELETED', item('a', 3), 0),
    want: { b: 'b5' },
  },
  { name: 'DELETED of the past does not', act: (l) => l.adoptEvent('DELETED', item('a', 2), 0), want: AS_WAS },
  {
    name: 'what is of no interest any more is gone',
    act: (l) => l.adoptEvent('MODIFIED', { ...item('a', 11), value: undefined }, 0),
    want: { b: 'b5' },
  },
];

describe('ledger', () => {
  for (const { name, act, want, says } of rows) {
    it(name, () => {
      const ledger = known();
      assert.deepEqual({ said: act(ledger), held: held(ledger) }, { said: says, held: want });
    });
  }

  it('what the disk remembers yields to a proven list, not to an old cache', () => {
    const ledger = new Ledger<string>();
    ledger.restore([item('a', 0, 'disk')], 10n, true, 0);
    ledger.adoptList([item('a', 7), item('old', 6)], 7n, false, 0);
    assert.deepEqual(held(ledger), { a: 'disk' });
    ledger.adoptList([item('a', 7)], 12n, true, 0);
    assert.deepEqual(
      { held: held(ledger), origin: ledger.entry('a')?.origin },
      { held: { a: 'a7' }, origin: 'proven-list' },
    );
  });

  it('an empty ledger takes a list without proof, and is not complete', () => {
    const ledger = new Ledger<string>();
    ledger.adoptList([item('a', 7)], 7n, false, 0);
    assert.deepEqual({ held: held(ledger), complete: ledger.complete }, { held: { a: 'a7' }, complete: false });
  });

  it('what an unproven list brought, newer than the next proven one, stays until one is as new', () => {
    const ledger = known();
    ledger.adoptList([item('a', 14), item('c', 15)], 15n, false, 0);
    ledger.adoptList([item('a', 3)], 12n, true, 0);
    assert.deepEqual(held(ledger), { a: 'a14', c: 'c15' });
    ledger.adoptList([item('a', 14)], 15n, true, 0);
    assert.deepEqual(held(ledger), { a: 'a14' });
  });

  it('of an outlived history nothing goes, and nothing counts before a whole list', () => {
    const ledger = known();
    ledger.outlive();
    ledger.adoptList([item('a', 99)], 99n, false, 0);
    ledger.adoptEvent('DELETED', item('a', 99), 0);
    ledger.seen(99n);
    assert.deepEqual(held(ledger), AS_WAS);
    assert.equal(ledger.adoptList([item('a', 1)], 2n, true, 0), 'complete');
    assert.deepEqual({ held: held(ledger), highest: ledger.highest }, { held: { a: 'a1' }, highest: 2n });
    ledger.adoptEvent('ADDED', item('b', 3), 0);
    assert.deepEqual(held(ledger), { a: 'a1', b: 'b3' });
  });

  it('tells each change once', () => {
    const told: [string, string | undefined][] = [];
    const ledger = new Ledger<string>((key, value) => told.push([key, value]));
    ledger.adoptEvent('ADDED', item('a', 1), 0);
    ledger.adoptEvent('DELETED', item('a', 2), 0);
    ledger.adoptEvent('DELETED', item('a', 2), 0);
    assert.deepEqual(told, [
      ['a', 'a1'],
      ['a', undefined],
    ]);
  });

  it('nothing but proof, a newer list or DELETED takes an object away', () => {
    const lists = fc.array(fc.record({ keys: fc.subarray(['a', 'b', 'c', 'd']), rv: fc.integer({ min: 0, max: 20 }) }));
    fc.assert(
      fc.property(lists, (unproven) => {
        const ledger = known();
        for (const { keys, rv } of unproven)
          ledger.adoptList(
            keys.map((key) => item(key, rv)),
            BigInt(rv),
            false,
            0,
          );
        assert.ok(ledger.get('a') !== undefined && ledger.get('b') !== undefined);
      }),
    );
  });

  it('a list that is older than a fact from the disk does not take it away', () => {
    const ledger = new Ledger<string>();
    ledger.restore([item('a', 8), item('b', 15)], 10n, true, 0); // b came without proof
    ledger.adoptList([], 12n, true, 0);
    assert.deepEqual(held(ledger), { b: 'b15' });
  });

  it('an old watch does not undo what the disk knows, though it keeps no version of each fact', () => {
    const ledger = new Ledger<string>();
    ledger.restore([item('a', 0), item('b', 0)], 10n, true, 0);
    ledger.adoptEvent('MODIFIED', item('a', 4), 0);
    ledger.adoptEvent('DELETED', item('b', 6), 0);
    assert.deepEqual(held(ledger), { a: 'a0', b: 'b0' });
    ledger.adoptEvent('DELETED', item('b', 11), 0);
    assert.deepEqual(held(ledger), { a: 'a0' });
  });
});
