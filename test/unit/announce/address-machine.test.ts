import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import {
  type AddressState,
  begin,
  onConflict,
  onDue,
  onNewMac,
  onNewRefresh,
  onTakeOver,
  type Step,
} from '../../../edge-speaker/src/announce/address-machine.ts';
import {
  DEFEND_INTERVAL_MS,
  OBJECTION_MS,
  RETRY_MAX_MS,
  RETRY_MIN_MS,
} from '../../../edge-speaker/src/announce/timing.ts';

const TIMING = { probes: { count: 3, intervalMs: 10 }, gratuitous: { count: 3, intervalMs: 500 }, refreshMs: 60_000 };
const FOE = '02:00:00:00:00:66';

/** The effects' names, for short tables. */
const did = (step: Step) => step.effects.map(({ kind }) => kind);

/** Runs the clock: each effect with the time it came, until `untilMs`. */
function timeline(
  step: Step,
  fromMs: number,
  untilMs: number,
  timing = TIMING,
): { log: string[]; state: AddressState } {
  const log = did(step).map((kind) => `${fromMs} ${kind}`);
  let { state } = step;
  while (state.dueMs <= untilMs) {
    const now = state.dueMs;
    const next = onDue(state, now, timing, 0);
    log.push(...did(next).map((kind) => `${now} ${kind}`));
    state = next.state;
  }
  return { log, state };
}

function announced(probed: boolean): AddressState {
  return probed ? timeline(begin(true, 0, TIMING, 0), 0, 30).state : begin(false, 0, TIMING, 0).state;
}

describe('address machine', () => {
  it('probes three times within 30 ms, then announces, then repeats and beats', () => {
    assert.deepEqual(timeline(begin(true, 0, TIMING, 0), 0, 61_100).log, [
      '0 send-probe',
      '10 send-probe',
      '20 send-probe',
      '30 send-gratuitous',
      '30 report-announced',
      '530 send-gratuitous',
      '1030 send-gratuitous',
      '61030 send-gratuitous',
    ]);
  });

  it('repeats, and then never again where the site wants no refresh', () => {
    const timing = { ...TIMING, refreshMs: 0 };
    let { state } = begin(false, 0, timing, 0);
    for (const now of [500, 1_000]) state = onDue(state, now, timing, 0.5).state;
    assert.equal(state.dueMs, Number.POSITIVE_INFINITY);
    assert.deepEqual(onDue(state, 1e9, timing, 0.5).effects, []);
  });

  for (const count of [1, 2, 3]) {
    it(`says it ${count} times, not oftener, and then with the refresh`, () => {
      const timing = { ...TIMING, gratuitous: { count, intervalMs: 500 } };
      const starts = {
        'taken over': begin(false, 0, timing, 0),
        'said again': onTakeOver(begin(false, 0, timing, 0).state, 0, timing, 0),
        'with a new MAC': onNewMac(begin(false, 0, timing, 0).state, 0, timing, 0),
      };
      const lastMs = (count - 1) * 500;
      for (const [what, start] of Object.entries(starts)) {
        const said = timeline(start, 0, 59_999, timing).log.filter((line) => line.endsWith('send-gratuitous'));
        assert.equal(said.length, count, what);
        const { log } = timeline(start, 0, 61_000, timing);
        assert.equal(log.at(-1), `${lastMs + 60_000} send-gratuitous`, what);
      }
    });
  }

  const burst = begin(false, 0, TIMING, 0).state;
  const told = timeline(begin(false, 0, TIMING, 0), 0, 2_000).state;
  const refreshes: { name: string; state: AddressState; refreshMs: number; want: number }[] = [
    { name: 'a longer one is spread over its whole', state: told, refreshMs: 600_000, want: 2_000 + 150_000 },
    { name: 'a shorter one holds at once', state: told, refreshMs: 1_000, want: 2_000 + 250 },
    { name: 'none from now on', state: told, refreshMs: 0, want: Number.POSITIVE_INFINITY },
    { name: 'a burst is finished first', state: burst, refreshMs: 1_000, want: burst.dueMs },
    { name: 'probing goes on', state: begin(true, 0, TIMING, 0).state, refreshMs: 0, want: 10 },
  ];
  for (const { name, state, refreshMs, want } of refreshes) {
    it(`another refresh: ${name}`, () => {
      const step = onNewRefresh(state, 2_000, { ...TIMING, refreshMs }, 0.25);
      assert.deepEqual([step.state.dueMs, step.effects], [want, []]);
    });
  }

  it('takes over without a probe', () => {
    assert.deepEqual(did(begin(false, 0, TIMING, 0)), ['send-gratuitous', 'report-announced']);
  });

  it('announces at once when the site wants no probes', () => {
    const step = begin(true, 0, { ...TIMING, probes: { count: 0, intervalMs: 10 } }, 0);
    assert.deepEqual(step.effects[1], { kind: 'report-announced', probed: true });
  });

  it('does nothing before it is due', () => {
    const { state } = begin(true, 0, TIMING, 0);
    assert.deepEqual(onDue(state, 9.99, TIMING, 0), { state, effects: [] });
  });

  const probing = begin(true, 0, TIMING, 0).state;
  const conflicted = onConflict(probing, FOE, 5, 0).state;
  const objections: { name: string; state: AddressState; atMs: number; want: string[]; after: AddressState['kind'] }[] =
    [
      { name: 'while probing: failed', state: probing, atMs: 5, want: ['report-failed'], after: 'conflicted' },
      {
        name: 'a sleeper objects just inside 7 s: failed',
        state: announced(true),
        atMs: 30 + OBJECTION_MS - 1,
        want: ['report-failed'],
        after: 'conflicted',
      },
      {
        name: 'after 7 s: defended and kept',
        state: announced(true),
        atMs: 30 + OBJECTION_MS,
        want: ['send-gratuitous', 'report-conflict'],
        after: 'announced',
      },
      {
        name: 'what was taken over is defended from the start',
        state: announced(false),
        atMs: 1,
        want: ['send-gratuitous', 'report-conflict'],
        after: 'announced',
      },
      { name: 'already conflicted: nothing more', state: conflicted, atMs: 6, want: [], after: 'conflicted' },
    ];
  for (const { name, state, atMs, want, after } of objections) {
    it(`objection ${name}`, () => {
      const step = onConflict(state, FOE, atMs, 0);
      assert.deepEqual([did(step), step.state.kind], [want, after]);
    });
  }

  it('defends once per interval and reports each time (RFC 5227 §2.4(c))', () => {
    const start = 20_000;
    const first = onConflict(announced(false), FOE, start, 0);
    const second = onConflict(first.state, FOE, start + DEFEND_INTERVAL_MS - 1, 0);
    const third = onConflict(second.state, FOE, start + DEFEND_INTERVAL_MS, 0);
    assert.deepEqual(second.effects, [{ kind: 'report-conflict', byMac: FOE, defended: false }]);
    assert.deepEqual(did(third), ['send-gratuitous', 'report-conflict']);
  });

  it('tells how long a late objector let it be announced', () => {
    const step = onConflict(announced(true), FOE, 1_030, 0);
    assert.deepEqual(step.effects, [{ kind: 'report-failed', byMac: FOE, retryMs: RETRY_MIN_MS, heldMs: 1_000 }]);
  });

  it('probes again after a pause that doubles up to its bound', () => {
    const pauses: number[] = [];
    let state = probing;
    for (let i = 0; i < 7; i++) {
      const now = state.dueMs;
      state = onConflict(state, FOE, now, 0).state;
      pauses.push(state.dueMs - now);
      state = onDue(state, state.dueMs, TIMING, 0).state;
      assert.equal(state.kind, 'probing');
    }
    assert.deepEqual(pauses, [10_000, 20_000, 40_000, 80_000, 160_000, RETRY_MAX_MS, RETRY_MAX_MS]);
  });

  it('a take-over ends the probing, says again what is announced, and leaves a conflict alone', () => {
    assert.deepEqual(did(onTakeOver(probing, 5, TIMING, 0)), ['send-gratuitous', 'report-announced']);
    const { log } = timeline(onTakeOver(announced(true), 5_000, TIMING, 0), 5_000, 6_500);
    assert.deepEqual(log, ['5000 send-gratuitous', '5500 send-gratuitous', '6000 send-gratuitous']);
    assert.deepEqual(onTakeOver(conflicted, 50, TIMING, 0), { state: conflicted, effects: [] });
  });

  it('a new MAC of ours is told in a new burst', () => {
    const { log } = timeline(onNewMac(announced(false), 5_000, TIMING, 0), 5_000, 6_500);
    assert.deepEqual(log, ['5000 send-gratuitous', '5500 send-gratuitous', '6000 send-gratuitous']);
    assert.deepEqual(did(onNewMac(probing, 5, TIMING, 0)), []);
  });

  it('never goes back in time, never announces what is conflicted, defends at most once per interval', () => {
    const event = fc.record({ waitMs: fc.nat({ max: 20_000 }), kind: fc.constantFrom('due', 'conflict', 'take-over') });
    fc.assert(
      fc.property(fc.boolean(), fc.array(event, { maxLength: 60 }), (probe, events) => {
        let now = 0;
        let { state } = begin(probe, now, TIMING, 0);
        let defendedMs = Number.NEGATIVE_INFINITY;
        for (const { waitMs, kind } of events) {
          now += waitMs;
          const step: Step =
            kind === 'due'
              ? onDue(state, now, TIMING, 0.5)
              : kind === 'conflict'
                ? onConflict(state, FOE, now, 0.5)
                : onTakeOver(state, now, TIMING, 0);
          if (step.effects.length > 0) assert.ok(step.state.dueMs > now || kind === 'conflict');
          if (step.state.kind !== 'announced') assert.ok(!did(step).includes('send-gratuitous'));
          if (kind === 'conflict' && did(step).includes('send-gratuitous')) {
            assert.ok(now - defendedMs >= DEFEND_INTERVAL_MS);
            defendedMs = now;
          } else if (did(step).includes('report-announced')) defendedMs = Number.NEGATIVE_INFINITY;
          state = step.state;
        }
      }),
    );
  });
});
