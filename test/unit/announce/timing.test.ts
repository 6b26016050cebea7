import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { beatMs, RETRY_MAX_MS, RETRY_MIN_MS, retryMs } from '../../../edge-speaker/src/announce/timing.ts';

describe('announce timing', () => {
  it('stays between nine tenths and the whole', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (n, unit) => {
          assert.ok(retryMs(n, unit) >= RETRY_MIN_MS * 0.9 && retryMs(n, unit) <= RETRY_MAX_MS);
          assert.ok(beatMs(n, unit) >= n * 0.9 && beatMs(n, unit) <= n);
        },
      ),
    );
  });

  it('knows a site without a refresh', () => assert.equal(beatMs(0, 0.5), Number.POSITIVE_INFINITY));

  for (const unit of [-0.1, 1, Number.NaN]) {
    it(`refuses the draw ${unit}`, () => {
      assert.throws(() => beatMs(60_000, unit), RangeError);
      assert.throws(() => retryMs(1, unit), RangeError);
    });
  }
});
