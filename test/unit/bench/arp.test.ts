import assert from 'node:assert/strict';
import fc from 'fast-check';
import { alarmLines, alarms, sumOfAlarms } from '../../bench/arp/false-takeovers.ts';
import { median, quantile } from '../../bench/arp/quantile.ts';
import { ofStrangers, overRounds, type Round } from '../../bench/arp/round.ts';
import { markdown, verdicts } from '../../bench/arp/table.ts';

const at = (ms: number) => new Date(ms).toISOString();
const line = (ms: number, msg: string) => JSON.stringify({ level: 'info', ts: at(ms), msg });
const NONE = { announced: 0, givenUp: 0, gone: 0, selfDoubt: 0, conflicts: 0 };

function round(change: Partial<Round> = {}): Round {
  const latency = { p50: 20, p99: 100 };
  return {
    unicast: latency,
    unicastPaced: latency,
    broadcast: latency,
    broadcastPaced: latency,
    perSecond: 100_000,
    answeredPercent: 100,
    floodPerSecond: 150_000,
    broadcastAnsweredPercent: 100,
    lost: 0,
    strangers: 0,
    ...change,
  };
}

describe('quantile', () => {
  const cases: { name: string; values: number[]; q: number; want: number }[] = [
    { name: 'of one value', values: [7], q: 0.99, want: 7 },
    { name: 'the middle one of three, unsorted', values: [9, 1, 5], q: 0.5, want: 5 },
    { name: 'the lower middle one of four', values: [4, 1, 3, 2], q: 0.5, want: 2 },
    { name: '99 % of a hundred', values: Array.from({ length: 100 }, (_, i) => i + 1), q: 0.99, want: 99 },
    { name: 'all of them', values: [3, 11, 2], q: 1, want: 11 },
    { name: 'by number, not by text', values: [10, 9, 100], q: 0.5, want: 10 },
  ];
  for (const { name, values, q, want } of cases) it(name, () => assert.equal(quantile(values, q), want));

  it('has at least that share at or below it, and less than that below it', () => {
    const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 100 }), (all, percent) => {
        const value = quantile(all, percent / 100);
        const below = all.filter((each) => each < value).length;
        const upTo = all.filter((each) => each <= value).length;
        assert.ok(upTo >= (percent / 100) * all.length - 1e-9 && below < (percent / 100) * all.length + 1e-9);
      }),
    );
  });

  it('refuses no values and shares outside (0, 1]', () => {
    assert.throws(() => median([]), RangeError);
    for (const q of [0, -0.1, 1.1, Number.NaN]) assert.throws(() => quantile([1], q), RangeError);
  });
});

describe('what the arp benchmark makes of its rounds', () => {
  it('takes each figure’s own median, and adds up what must not happen', () => {
    const all = overRounds([
      round({ perSecond: 3, unicast: { p50: 1, p99: 90 }, lost: 1, strangers: 2 }),
      round({ perSecond: 1, unicast: { p50: 3, p99: 70 } }),
      round({ perSecond: 2, unicast: { p50: 2, p99: 80 }, lost: 1 }),
    ]);
    assert.deepEqual(all, round({ perSecond: 2, unicast: { p50: 2, p99: 80 }, lost: 2, strangers: 2 }));
  });

  it('counts answers and announcements of others than the owner', () => {
    const by = { '02:00:00:00:00:0a': [50, 1], '02:00:00:00:00:0b': [3, 2], '02:00:00:00:00:0c': [0, 1] } as const;
    assert.equal(ofStrangers(by, '02:00:00:00:00:0a'), 6);
  });

  const marks: { name: string; ours: Partial<Round>; want: string[] }[] = [
    { name: 'as good as the peer', ours: {}, want: [] },
    { name: 'a slower median', ours: { broadcast: { p50: 21, p99: 100 } }, want: ['broadcast p50'] },
    { name: 'fewer answers', ours: { perSecond: 99_000 }, want: ['answers/s'] },
    { name: 'a flood half answered', ours: { answeredPercent: 53 }, want: ['open flood answered'] },
  ];
  for (const { name, ours, want } of marks) {
    it(`marks what misses its target: ${name}`, () => {
      const lines = verdicts([
        { name: 'yurtlb', figures: round(ours) },
        { name: 'MetalLB 0.15.2', figures: round() },
      ]);
      assert.equal(lines.length, 10);
      assert.deepEqual(
        lines.filter((each) => each.endsWith('✗')).map((each) => each.split(':')[0]),
        want,
      );
    });
  }

  it('prints a row for each contestant, as wide as the head', () => {
    const rows = markdown([{ name: 'kernel', figures: round() }]).split('\n');
    assert.equal(rows.length, 3);
    assert.deepEqual(new Set(rows.map((row) => row.split('|').length)).size, 1);
  });
});

describe('signs of a false takeover', () => {
  const cases: { name: string; lines: string[]; want: Partial<typeof NONE> }[] = [
    { name: 'nothing said', lines: [], want: {} },
    {
      name: 'an address changes hands',
      lines: [line(5, 'address announced'), line(6, 'address given up')],
      want: { announced: 1, givenUp: 1 },
    },
    { name: 'a member taken for dead', lines: [line(5, 'member is gone')], want: { gone: 1 } },
    {
      name: 'a process that doubts itself',
      lines: [line(5, 'this process had stopped; the pool is heard anew')],
      want: { selfDoubt: 1 },
    },
    {
      name: 'two owners',
      lines: [line(5, 'two members of the pool announce the same address')],
      want: { conflicts: 1 },
    },
    { name: 'before and after the stretch', lines: [line(0, 'member is gone'), line(11, 'member is gone')], want: {} },
    { name: 'other words, and no JSON', lines: [line(5, 'speaker started'), 'Segmentation fault', ''], want: {} },
  ];
  for (const { name, lines, want } of cases)
    it(name, () => assert.deepEqual(alarms(lines, 1, 10), { ...NONE, ...want }));

  it('shows the lines that count, and no others', () => {
    const tells = line(5, 'member is gone');
    assert.deepEqual(alarmLines([line(5, 'speaker started'), tells, 'no JSON', line(11, 'member is gone')], 1, 10), [
      tells,
    ]);
  });

  it('adds up', () => {
    assert.deepEqual(
      sumOfAlarms([
        { ...NONE, gone: 1 },
        { ...NONE, gone: 2, announced: 1 },
      ]),
      { ...NONE, gone: 3, announced: 1 },
    );
  });
});
