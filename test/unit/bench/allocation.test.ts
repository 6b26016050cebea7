import assert from 'node:assert/strict';
import type { Step } from '../../bench/allocation/growth.ts';
import { type Lags, lagsOf } from '../../bench/allocation/lags.ts';
import { histogramQuantile, samples, sum } from '../../bench/allocation/prometheus.ts';
import type { Restart } from '../../bench/allocation/restart.ts';
import { serverCounts, since } from '../../bench/allocation/server-counts.ts';
import { verdicts } from '../../bench/allocation/verdicts.ts';

const cases: { name: string; created: [string, number][]; addressed: [string, number][]; want: Lags }[] = [
  {
    name: 'all have one',
    created: [
      ['a', 100],
      ['b', 200],
      ['c', 300],
    ],
    addressed: [
      ['a', 110],
      ['b', 220],
      ['c', 330],
    ],
    want: { created: 3, addressed: 3, creatingMs: 200, afterMs: 30, lag: { p50: 20, p99: 30, max: 30 } },
  },
  {
    name: 'the last to be created is not the last to be served',
    created: [
      ['a', 100],
      ['b', 200],
      ['c', 300],
    ],
    addressed: [
      ['c', 310],
      ['b', 350],
      ['a', 320],
    ],
    want: { created: 3, addressed: 3, creatingMs: 200, afterMs: 50, lag: { p50: 150, p99: 220, max: 220 } },
  },
  {
    name: 'the watch was quicker than the answer to the creation',
    created: [
      ['a', 100],
      ['b', 200],
      ['c', 300],
    ],
    addressed: [
      ['a', 98],
      ['b', 201],
      ['c', 299],
    ],
    want: { created: 3, addressed: 3, creatingMs: 200, afterMs: 0, lag: { p50: -1, p99: 1, max: 1 } },
  },
  {
    name: 'one has none in time',
    created: [
      ['a', 100],
      ['b', 200],
      ['c', 300],
    ],
    addressed: [['a', 110]],
    want: { created: 3, addressed: 1, creatingMs: 200, afterMs: undefined, lag: { p50: 10, p99: 10, max: 10 } },
  },
  {
    name: 'not all were created in time',
    created: [['a', 100]],
    addressed: [['a', 110]],
    want: { created: 1, addressed: 1, creatingMs: 0, afterMs: undefined, lag: { p50: 10, p99: 10, max: 10 } },
  },
  {
    name: 'none was',
    created: [],
    addressed: [],
    want: { created: 0, addressed: 0, creatingMs: 0, afterMs: undefined, lag: undefined },
  },
];

describe('how addresses follow creations', () => {
  for (const { name, created, addressed, want } of cases) {
    it(name, () => assert.deepEqual(lagsOf({ created: new Map(created), addressed: new Map(addressed) }, 3), want));
  }
});

const METRICS = `# HELP apiserver_request_total Counter of requests
# TYPE apiserver_request_total counter
apiserver_request_total{code="200",resource="services",subresource="status",verb="PATCH",group=""} 7
apiserver_request_total{code="200",resource="services",subresource="status",verb="PUT",group=""} 2
apiserver_request_total{code="409",resource="services",subresource="status",verb="PATCH",group=""} 3
apiserver_request_total{code="200",resource="services",subresource="",verb="PATCH",group=""} 100
apiserver_request_total{code="200",resource="services",subresource="status",verb="GET",group=""} 100
apiserver_request_total{code="201",resource="events",subresource="",verb="POST",group="events.k8s.io"} 5
apiserver_request_total{code="201",resource="events",subresource="",verb="POST",group=""} 1
apiserver_request_total_other{code="200",resource="services",subresource="status",verb="PATCH"} 100
process_cpu_seconds_total 1.5
text{note="with \\"quotes\\", and a comma"} 1e+06
`;

const histogram = (...counts: number[]) =>
  ['0.01', '0.1', '+Inf'].map((le, i) => `took_bucket{le="${le}"} ${counts[i]}\n`).join('');

describe('figures out of a Prometheus text', () => {
  it('one metric and its labels', () => {
    assert.deepEqual(samples(METRICS, 'process_cpu_seconds_total'), [{ labels: {}, value: 1.5 }]);
    assert.deepEqual(samples(METRICS, 'text'), [{ labels: { note: 'with \\"quotes\\", and a comma' }, value: 1e6 }]);
    assert.equal(samples(METRICS, 'apiserver_request_total').length, 7, 'not one whose name only begins so');
  });

  it('sums those that have the labels', () => {
    assert.equal(sum(METRICS, 'apiserver_request_total', { resource: 'events', verb: ['POST', 'PUT'] }), 6);
    assert.equal(sum(METRICS, 'apiserver_request_total', { nobody: 'has this' }), 0);
  });

  it('what the API server has done', () => {
    const counts = serverCounts(METRICS);
    assert.deepEqual(counts, { statusWrites: 9, conflicts: 3, events: 6, cpuMs: 1500 });
    const before = { statusWrites: 4, conflicts: 3, events: 1, cpuMs: 500 };
    assert.deepEqual(since(before, counts), { statusWrites: 5, conflicts: 0, events: 5, cpuMs: 1000 });
  });

  for (const { name, before, after, q, want } of [
    { name: 'all in the first bucket', before: '', after: histogram(10, 10, 10), q: 0.99, want: 0.01 },
    { name: 'the slowest hundredth begins behind it', before: '', after: histogram(98, 100, 100), q: 0.99, want: 0.1 },
    { name: 'exactly the share', before: '', after: histogram(99, 100, 100), q: 0.99, want: 0.01 },
    { name: 'in the last', before: '', after: histogram(0, 0, 1), q: 0.5, want: Number.POSITIVE_INFINITY },
    {
      name: 'what was before does not count',
      before: histogram(0, 90, 90),
      after: histogram(9, 100, 100),
      q: 0.9,
      want: 0.01,
    },
    { name: 'nothing happened', before: histogram(1, 2, 3), after: histogram(1, 2, 3), q: 0.9, want: undefined },
  ]) {
    it(`a quantile of a histogram: ${name}`, () => assert.equal(histogramQuantile(before, after, 'took', q), want));
  }
});

const step = (from: number, to: number, more: Partial<Step> = {}): Step => ({
  from,
  to,
  lags: { created: to - from, addressed: to - from, creatingMs: 1, afterMs: 1000, lag: undefined },
  perService: { cpuMs: 4, serverCpuMs: 8, statusWrites: 1, events: 1 },
  conflicts: 0,
  memory: { rssMb: 70, peakMb: 300 },
  metrics: ['', ''],
  ...more,
});
const restart: Restart = {
  how: 'SIGTERM',
  services: 1000,
  leadsMs: 500,
  addressedMs: 2499,
  changed: 0,
  statusWrites: 1,
  events: 1,
  memory: { rssMb: 70, peakMb: 80 },
};

const judged: { name: string; steps: Step[]; restarts?: Restart[]; met: RegExp[]; missed: RegExp[] }[] = [
  {
    name: 'all at their limit',
    steps: [step(0, 1), step(1, 1000), step(1000, 10_000, { memory: { rssMb: 200, peakMb: 300 } })],
    restarts: [restart],
    met: [
      /^1000 Services: last create/,
      /^10000 Services: last create/,
      /flat/,
      /status write/,
      /Event for/,
      /75 MB/,
      /90 MB/,
      /200 MB/,
      /within 2000/,
      /written again/,
    ],
    missed: [],
  },
  {
    name: 'addresses late and missing',
    steps: [
      step(1, 1000, { lags: { created: 999, addressed: 999, creatingMs: 1, afterMs: 1001, lag: undefined } }),
      step(1000, 5000, { lags: { created: 4000, addressed: 1, creatingMs: 1, afterMs: undefined, lag: undefined } }),
    ],
    met: [/flat/],
    missed: [/^1000 Services: last create/, /^5000 Services: last create/],
  },
  {
    name: 'cost that grows, and writes too many',
    steps: [
      step(1, 1000),
      step(1000, 5000, { perService: { cpuMs: 6, serverCpuMs: 8, statusWrites: 2, events: 0.5 } }),
    ],
    met: [],
    missed: [/flat/, /status write/, /Event for/],
  },
  {
    name: 'a restart that writes everything again, and serves nobody',
    steps: [step(0, 1)],
    restarts: [{ ...restart, addressedMs: undefined, statusWrites: 1001 }],
    met: [/75 MB/],
    missed: [/within 2000/, /written again/],
  },
];

describe('verdicts over an allocation', () => {
  for (const { name, steps, restarts = [], met, missed } of judged) {
    it(name, () => {
      const all = verdicts(steps, restarts);
      const of = (what: RegExp) => all.filter((verdict) => what.test(verdict.what));
      for (const what of met)
        assert.deepEqual(
          of(what).map(({ isMet }) => isMet),
          [true],
          `${what}`,
        );
      for (const what of missed)
        assert.deepEqual(
          of(what).map(({ isMet }) => isMet),
          [false],
          `${what}`,
        );
    });
  }

  it('a size that was not played is not judged', () => {
    assert.deepEqual(
      verdicts([step(0, 300)], []).filter(({ what }) => / MB/.test(what)),
      [],
    );
  });
});
