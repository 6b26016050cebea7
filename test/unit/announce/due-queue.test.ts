import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { DueQueue } from '../../../edge-speaker/src/announce/due-queue.ts';

describe('DueQueue', () => {
  it('does what a sorted map does', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
    const action = fc.oneof(
      fc.record({ kind: fc.constant('set' as const), key, ms: fc.nat({ max: 50 }) }),
      fc.record({ kind: fc.constant('delete' as const), key, ms: fc.constant(0) }),
      fc.record({ kind: fc.constant('take' as const), key, ms: fc.nat({ max: 50 }) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 100 }), (actions) => {
        const queue = new DueQueue();
        const model = new Map<string, number>();
        for (const { kind, key, ms } of actions) {
          if (kind === 'set') {
            queue.set(key, ms);
            model.set(key, ms);
          } else if (kind === 'delete') {
            queue.delete(key);
            model.delete(key);
          } else {
            const least = Math.min(Number.POSITIVE_INFINITY, ...model.values());
            const taken = queue.take(ms);
            assert.equal(taken === undefined, least > ms);
            if (taken === undefined) continue;
            assert.equal(model.get(taken), least);
            model.delete(taken);
          }
          assert.equal(queue.nextMs(), Math.min(Number.POSITIVE_INFINITY, ...model.values()));
        }
      }),
    );
  });

  it('keeps no more than what is due some day, however often keys move', () => {
    const queue = new DueQueue();
    for (let round = 0; round < 10_000; round++) {
      for (const key of ['a', 'b']) {
        queue.set(key, round % 2 === 0 ? 1_000 + round : Number.POSITIVE_INFINITY);
        if (round % 3 === 0) queue.delete(key);
      }
    }
    assert.ok(queue.places < 200, `${queue.places} places for two keys`);
  });
});
