import { strict as assert } from 'node:assert';
import {
  compareNatural,
  didYouMean,
  editDistance,
  formatDurationMs,
  nearest,
  parseDurationMs,
} from '@openyurt/nodepool-types';
import fc from 'fast-check';

const KEYS = ['name', 'protocol', 'addresses', 'auto-assign', 'avoid-buggy-ips'];

describe('did you mean', () => {
  const cases: [string, string | undefined][] = [
    ['adresses', 'addresses'],
    ['address', 'addresses'],
    ['autoAssign', 'auto-assign'],
    ['auto_assign', 'auto-assign'],
    ['nmae', 'name'],
    ['Protocol', 'protocol'],
    ['avoid-buggy-ip', 'avoid-buggy-ips'],
    ['peers', undefined],
    ['', undefined],
    ['x'.repeat(1000), undefined],
  ];
  for (const [word, want] of cases) {
    it(`${JSON.stringify(word.slice(0, 20))} → ${want ?? 'nothing'}`, () => assert.equal(nearest(word, KEYS), want));
  }

  it('is a sentence, or nothing', () => {
    assert.equal(didYouMean('nmae', KEYS), ' Did you mean "name"?');
    assert.equal(didYouMean('zzz', KEYS), '');
  });

  it('counts edits as a distance', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        const distance = editDistance(a, b);
        assert.equal(distance, editDistance(b, a));
        assert.equal(distance === 0, a === b);
        assert.ok(distance >= Math.abs(a.length - b.length) && distance <= Math.max(a.length, b.length));
      }),
    );
  });
});

describe('natural order', () => {
  it('counts digits as numbers', () => {
    const ids = ['k10', 'k9', 'k', 'k09', 'a', 'k20261121-130455-ffff', 'k20261121-130456-0000', '2026-10', '2026-09'];
    assert.deepEqual(ids.sort(compareNatural), [
      '2026-09',
      '2026-10',
      'a',
      'k',
      'k09',
      'k9',
      'k10',
      'k20261121-130455-ffff',
      'k20261121-130456-0000',
    ]);
  });

  it('is a total order', () => {
    const id = fc.string({ unit: fc.constantFrom('0', '1', '9', 'a', '-'), maxLength: 6 });
    fc.assert(
      fc.property(id, id, id, (a, b, c) => {
        assert.equal(Math.sign(compareNatural(a, b)), -Math.sign(compareNatural(b, a)) || 0);
        assert.equal(compareNatural(a, b) === 0, a === b);
        if (compareNatural(a, b) <= 0 && compareNatural(b, c) <= 0) assert.ok(compareNatural(a, c) <= 0);
      }),
    );
  });
});

describe('durations', () => {
  const cases: [string, number | undefined][] = [
    ['100ms', 100],
    ['2s', 2000],
    ['1m', 60_000],
    ['0s', 0],
    ['100', undefined],
    ['1x', undefined],
    ['1.5s', undefined],
    ['-1s', undefined],
    ['1 s', undefined],
    ['', undefined],
    ['1e3ms', undefined],
  ];
  for (const [text, want] of cases)
    it(`${JSON.stringify(text)} → ${want}`, () => assert.equal(parseDurationMs(text), want));

  it('reads back what it writes', () => {
    fc.assert(fc.property(fc.nat(10_000_000), (ms) => assert.equal(parseDurationMs(formatDurationMs(ms)), ms)));
  });
});
