import { strict as assert } from 'node:assert';
import { ReportPace } from '../../../cloud-controller/src/reconcile/report-pace.ts';

describe('ReportPace', () => {
  let nowMs = 0;
  const heard = (pace: ReportPace, node: string, times: number) =>
    Array.from({ length: times }, () => pace.mayBeHeard(node)).filter(Boolean).length;

  it('hears twelve at once and one in 25 s after that; each node for itself', () => {
    const pace = new ReportPace(() => nowMs);
    assert.equal(heard(pace, 'a', 100), 12);
    assert.equal(heard(pace, 'b', 1), 1);
    nowMs += 24_999;
    assert.equal(heard(pace, 'a', 100), 0);
    nowMs += 1;
    assert.equal(heard(pace, 'a', 100), 1);
    nowMs += 86_400_000;
    assert.equal(heard(pace, 'a', 100), 12);
  });

  it('names who was put off once, and forgets who is gone', () => {
    const pace = new ReportPace(() => nowMs);
    assert.deepEqual(pace.due(), []);
    heard(pace, 'a', 13);
    assert.deepEqual(pace.due(), ['a']);
    assert.deepEqual(pace.due(), []);
    heard(pace, 'a', 1);
    nowMs += 25_000;
    assert.equal(heard(pace, 'a', 1), 1, 'heard before it was due');
    assert.deepEqual(pace.due(), []);
  });
});
