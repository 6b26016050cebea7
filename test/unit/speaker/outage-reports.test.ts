import { strict as assert } from 'node:assert';
import type { Effect } from '../../../edge-speaker/src/hub/facts.ts';
import { formatSpan, MOST_SERVICES } from '../../../edge-speaker/src/hub/outage-events.ts';
import { OutageReports, RECORD_MS } from '../../../edge-speaker/src/hub/outage-reports.ts';
import type { CloudLink } from '../../../edge-speaker/src/offline/cloud-link.ts';
import type { StoredOutage } from '../../../edge-speaker/src/offline/outage-record.ts';

const VIP = '192.168.1.1';
const OTHER = '192.168.1.2';
const MINUTE = 60_000;

/** A node `a` whose wall clock is set. Times are minutes of the monotonic one. */
class Bench {
  effects: Effect[] = [];
  private nowMs = 0;
  private link: CloudLink['kind'] = 'doubtful';
  readonly reports: OutageReports;

  constructor(
    stored?: StoredOutage,
    public wall = Date.UTC(2026, 10, 21),
    sharedBy = 1,
  ) {
    const parts = {
      nodeName: 'a',
      keysOf: (address: string) =>
        Array.from({ length: sharedBy }, (_, i) => `ns/${address.split('.').at(-1)}${i > 0 ? `-${i}` : ''}`),
      uidOf: (key: string) => `uid-${key}`,
      wallMs: () => this.wall + this.nowMs,
    };
    this.reports = new OutageReports(parts, stored, 0);
  }

  at(minutes: number): this {
    this.nowMs = minutes * MINUTE;
    return this;
  }

  turn(...states: CloudLink['kind'][]): this {
    for (const after of states) {
      const turn = { before: this.link, after, forMs: 0, error: undefined };
      this.effects.push(...this.reports.turn(turn, this.nowMs));
      this.link = after;
    }
    return this;
  }

  took(address: string): this {
    this.reports.began(address, this.nowMs);
    return this;
  }

  lost(address: string): this {
    this.reports.ended(address, this.nowMs);
    return this;
  }

  stale(...addresses: string[]): this {
    this.reports.settle((address) => addresses.includes(address), this.nowMs);
    return this;
  }

  stored(whatever = false): StoredOutage | undefined {
    return this.reports.stored(this.nowMs, whatever);
  }

  get events() {
    return this.effects.flatMap((effect) => (effect.kind === 'report' ? [effect.event] : []));
  }

  get notes(): string[] {
    return this.events.map(({ reason, note }) => `${reason}: ${note}`);
  }
}

describe('what is told of an outage', () => {
  it('what changed hands, each once, with its own times', () => {
    const bench = new Bench().turn('connected').took(OTHER).at(10).turn('doubtful', 'offline');
    bench.at(20).took(VIP).at(30).lost(VIP).at(40).took(VIP).lost(OTHER).at(202).turn('connected');
    assert.deepEqual(bench.notes, [
      'CloudLinkRestored: The cloud link was away for 3h12m: 2 addresses changed hands here: 192.168.1.1 (taken 2 times, given up), 192.168.1.2 (given up).',
      'AnnouncerChanged: While the cloud was away for 3h12m, node a took 192.168.1.1 2 times and announced it for 2h52m, and gave it up.',
      'AnnouncerChanged: While the cloud was away for 3h12m, node a gave 192.168.1.2 up.',
    ]);
    const times = bench.events.map(({ atWallMs, lastWallMs = 0, count = 1 }) => [
      (atWallMs - bench.wall) / MINUTE,
      (lastWallMs - bench.wall) / MINUTE,
      count,
    ]);
    assert.deepEqual(times, [
      [10, 202, 1],
      [20, 40, 3],
      [40, 40, 1],
    ]);
    assert.deepEqual(bench.events[0] && 'nodeName' in bench.events[0] && bench.events[0].nodeName, 'a');
    assert.deepEqual(bench.events[1] && 'serviceKey' in bench.events[1] && bench.events[1].serviceUid, 'uid-ns/1');
  });

  it('times follow a clock that was set while the cloud was away', () => {
    const bench = new Bench().turn('connected').at(10).turn('doubtful', 'offline').at(20).took(VIP);
    bench.wall += 1_000 * MINUTE;
    bench.at(30).turn('connected');
    assert.deepEqual(
      bench.events.map(({ atWallMs }) => (atWallMs - bench.wall) / MINUTE),
      [10, 20],
    );
  });

  it('what was served with dead endpoints, where it lasted', () => {
    const bench = new Bench().turn('connected').took(VIP).took(OTHER).at(1).turn('doubtful', 'offline');
    bench.at(2).stale(VIP).at(3).stale().at(4).stale(VIP, OTHER).lost(OTHER).at(5).turn('connected');
    const stale = bench.events.filter(({ reason }) => reason === 'StaleEndpoints');
    assert.equal(stale.length, 1);
    assert.match(stale[0]?.note ?? '', /^192\.168\.1\.1: node a served 120 s with stale endpoints/);
    assert.deepEqual([stale[0]?.count, stale[0]?.type], [2, 'Warning']);
  });

  const silent: { name: string; run: (bench: Bench) => Bench }[] = [
    { name: 'an ordinary start', run: (bench) => bench.took(VIP).turn('connected') },
    { name: 'a doubt', run: (bench) => bench.turn('connected', 'doubtful').took(VIP).turn('connected') },
    {
      name: 'a short absence without a change',
      run: (bench) => bench.turn('connected', 'doubtful', 'offline').at(0.5).turn('connected'),
    },
    {
      name: 'what happened before it',
      run: (bench) => bench.turn('connected').took(VIP).lost(VIP).turn('doubtful', 'offline', 'connected'),
    },
  ];
  for (const { name, run } of silent) it(`nothing of ${name}`, () => assert.deepEqual(run(new Bench()).events, []));

  it('that a long absence changed nothing', () => {
    const bench = new Bench().turn('connected', 'doubtful', 'offline').at(2).turn('connected');
    assert.deepEqual(bench.notes, [
      'CloudLinkRestored: The cloud link was away for 2m: no address changed hands here.',
    ]);
  });

  it('each absence for itself', () => {
    const bench = new Bench().turn('connected', 'doubtful', 'offline').took(VIP).turn('connected');
    bench.effects = [];
    bench.turn('doubtful', 'offline').took(OTHER).turn('connected');
    assert.equal(bench.notes.length, 2);
    assert.match(bench.notes.join(), /192\.168\.1\.2/);
    assert.doesNotMatch(bench.notes.join(), /192\.168\.1\.1/);
  });

  it('in bounded words, and of a bounded number of Services', () => {
    const bench = new Bench().turn('connected', 'doubtful', 'offline');
    for (let i = 0; i < 3_000; i++) bench.took(`10.0.${i >> 8}.${i & 255}`);
    bench.turn('connected');
    assert.equal(bench.events.length, 1 + MOST_SERVICES);
    assert.ok(bench.events.every(({ note }) => note.length <= 1024));
    assert.match(bench.notes[0] ?? '', /3000 addresses changed hands here: .* 2992 more\.$/);
  });

  it('of a bounded number of Services, also where many share an address', () => {
    const bench = new Bench(undefined, undefined, 7).turn('connected', 'doubtful', 'offline');
    for (let i = 0; i < 90; i++) bench.took(`10.0.0.${i}`);
    bench.turn('connected');
    assert.equal(bench.events.length, 1 + MOST_SERVICES);
  });

  describe('over a restart in its middle', () => {
    it('goes on from what the disk remembers', () => {
      const before = new Bench().turn('connected').at(10).turn('doubtful', 'offline').at(20).took(VIP).at(30);
      const stored = JSON.parse(JSON.stringify(before.stored(true))) as StoredOutage;
      const after = new Bench(stored, before.wall + 40 * MINUTE); // ten minutes without a process
      after.at(5).took(VIP).at(10).turn('connected');
      assert.deepEqual(after.notes, [
        'CloudLinkRestored: The cloud link was away for 40m: 1 address changed hands here: 192.168.1.1 (taken 2 times).',
        'AnnouncerChanged: While the cloud was away for 40m, node a took 192.168.1.1 2 times and announced it for 15m.',
      ]);
    });

    it('the disk hears of it when it is an outage, at most once a minute, and of its end', () => {
      const bench = new Bench().turn('connected', 'doubtful').took(VIP);
      assert.equal(bench.stored(), undefined);
      const first = bench.turn('offline').stored();
      assert.equal(first?.stories.length, 1);
      bench.at(0.5).took(OTHER);
      assert.equal(bench.stored(), first);
      assert.equal(bench.reports.storeDueMs(), RECORD_MS);
      assert.equal(bench.at(1).stored()?.stories.length, 2);
      assert.equal(bench.at(9).stored(), bench.stored(), 'nothing new, nothing written');
      assert.equal(bench.reports.storeDueMs(), undefined);
      assert.equal(bench.turn('connected').stored(), undefined);
    });
  });
});

describe('a length of time for people', () => {
  const cases: [number, string][] = [
    [0, '0s'],
    [45_400, '45s'],
    [60_000, '1m'],
    [3_599_000, '59m59s'],
    [3_600_000, '1h'],
    [11_520_000, '3h12m'],
    [3_601_000, '1h'],
    [90_000_000, '1d1h'],
  ];
  for (const [ms, want] of cases) it(`${ms} ms is ${want}`, () => assert.equal(formatSpan(ms), want));
});
