import assert from 'node:assert/strict';
import { type Moments, overRuns, type Phases, phasesOf } from '../../bench/setup/phases.ts';

const usual: Moments = {
  sentMs: 100,
  returnedMs: 110,
  addressedMs: 118,
  probeMs: 121,
  announcementMs: 152,
  answerMs: 153,
};

const cases: { name: string; moments: Partial<Moments>; want: Partial<Phases> }[] = [
  { name: 'as it should go', moments: {}, want: { create: 10, address: 8, know: 3, probe: 31, answer: 1, total: 43 } },
  {
    name: 'the status stood before the creator was told',
    moments: { addressedMs: 108 },
    want: { address: -2, know: 13, total: 43 },
  },
  { name: 'announced without probes', moments: { probeMs: 0 }, want: { know: 34, probe: 0, answer: 1, total: 43 } },
  {
    name: 'answered before any announcement',
    moments: { announcementMs: 0 },
    want: { probe: 32, answer: 0, total: 43 },
  },
];

describe('phases of a setup', () => {
  for (const { name, moments, want } of cases) {
    it(name, () => {
      const phases = phasesOf({ ...usual, ...moments });
      for (const [phase, ms] of Object.entries(want)) assert.equal(phases[phase as keyof Phases], ms, phase);
      const { address, know, probe, answer, total } = phases;
      assert.equal(address + know + probe + answer, total, 'the phases leave nothing out');
    });
  }

  it('does not take silence for an answer', () => {
    assert.throws(() => phasesOf({ ...usual, answerMs: 0 }), /nobody answered/);
  });

  it('shows median, 90th percentile and maximum of each', () => {
    const runs = Array.from({ length: 10 }, (_, i) => phasesOf({ ...usual, answerMs: 153 + i }));
    assert.deepEqual(overRuns(runs).total, [47, 51, 52]);
    assert.deepEqual(overRuns(runs).address, [8, 8, 8]);
  });
});
