import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { type Aged, byAge, WaitingLine } from '../../../cloud-controller/src/reconcile/waiting-line.ts';

const one = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), createdMs: fc.nat(3) });

describe('WaitingLine', () => {
  it('is a sorted list without doubles, whoever comes and goes', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ comes: fc.boolean(), one })), one, (steps, from) => {
        const line = new WaitingLine<Aged>();
        let model: Aged[] = [];
        for (const { comes, one } of steps) {
          model = model.filter((other) => byAge(other, one) !== 0);
          if (comes) model.push(one);
          if (comes) line.add(one);
          else line.delete(one);
        }
        model.sort(byAge);
        assert.equal(line.isEmpty, model.length === 0);
        const all: Aged[] = [];
        for (let at = line.find(undefined, () => true); at !== undefined; at = line.find(at, () => true)) all.push(at);
        assert.deepEqual(all, model);
        const suits = ({ key }: Aged) => key !== 'b';
        assert.deepEqual(
          line.find(from, suits),
          model.find((other) => byAge(other, from) > 0 && suits(other)),
        );
      }),
    );
  });
});
