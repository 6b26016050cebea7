import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import {
  type EndpointState,
  FAILING_TO_DEAD_MS,
  FAILURES_TO_DEAD,
  onOutcome,
  PROBE_OUTCOMES,
  type ProbeOutcome,
  probePauseMs,
} from '../../../edge-speaker/src/offline/endpoint-probe.ts';

const dead: EndpointState = { kind: 'dead' };
const alive: EndpointState = { kind: 'alive' };
const suspect = (failures: number, sinceMs = 0): EndpointState => ({ kind: 'suspect', failures, sinceMs });

describe('what is believed of one endpoint', () => {
  const cases: { name: string; state: EndpointState; outcome: ProbeOutcome; atMs?: number; want: EndpointState }[] = [
    { name: 'an answer is life', state: { kind: 'unknown' }, outcome: 'answered', want: alive },
    { name: 'also after death, at once', state: dead, outcome: 'answered', want: alive },
    { name: 'an answer clears a suspicion', state: suspect(2), outcome: 'answered', want: alive },
    { name: 'one failure is suspicion', state: alive, outcome: 'refused', atMs: 7, want: suspect(1, 7) },
    { name: 'the first one too', state: { kind: 'unknown' }, outcome: 'unreachable', atMs: 7, want: suspect(1, 7) },
    { name: 'two are not enough', state: suspect(1), outcome: 'timeout', atMs: 9_000, want: suspect(2) },
    { name: 'three are', state: suspect(2), outcome: 'timeout', atMs: 3_000, want: dead },
    { name: 'but not within a moment', state: suspect(2), outcome: 'refused', atMs: 2_999, want: suspect(3) },
    { name: 'a fault of this node says nothing', state: suspect(2), outcome: 'unclear', atMs: 9_000, want: suspect(2) },
    { name: 'nor of the living', state: alive, outcome: 'unclear', want: alive },
  ];
  for (const { name, state, outcome, atMs = 0, want } of cases) {
    it(name, () => assert.deepEqual(onOutcome(state, outcome, atMs), want));
  }

  it('is dead only after so many failures in a row, over so long', () => {
    const step = fc.record({
      outcome: fc.constantFrom(...PROBE_OUTCOMES),
      afterMs: fc.integer({ min: 0, max: 4_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let state: EndpointState = { kind: 'unknown' };
        let now = 0;
        let failures: number[] = [];
        for (const { outcome, afterMs } of steps) {
          now += afterMs;
          state = onOutcome(state, outcome, now);
          if (outcome === 'answered') failures = [];
          else if (outcome !== 'unclear') failures.push(now);
          const longEnough = now - (failures[0] ?? now) >= FAILING_TO_DEAD_MS;
          if (state.kind === 'dead') assert.ok(failures.length >= FAILURES_TO_DEAD && longEnough);
          if (outcome === 'answered') assert.equal(state.kind, 'alive');
        }
      }),
    );
  });

  it('is asked again sooner while it is suspect, and by each node at another time', () => {
    assert.deepEqual([probePauseMs(suspect(1), 0), probePauseMs(suspect(1), 1)], [1_500, 2_000]);
    assert.deepEqual([probePauseMs(alive, 0), probePauseMs(dead, 1)], [4_000, 6_000]);
  });
});
