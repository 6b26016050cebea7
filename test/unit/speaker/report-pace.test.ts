import { strict as assert } from 'node:assert';
import { setImmediate } from 'node:timers/promises';
import { LbError, type Log } from '@openyurt/nodepool-types';
import {
  BETWEEN_MS,
  CALM_MS,
  CONFLICTS_BETWEEN_MS,
  FIRST_WITHIN_MS,
  RETRY_MAX_MS,
  RETRY_MIN_MS,
  ReportPace,
} from '../../../edge-speaker/src/drive/report-pace.ts';
import type { ReportOutcome } from '../../../edge-speaker/src/ports/report-sink.ts';
import { FakeTime } from '../../support/fake-time.ts';

const refused: ReportOutcome = {
  kind: 'refused',
  error: new LbError('LB_API_REFUSED', 'HTTP 403', 'Apply manifests/.'),
};
const failed: ReportOutcome = { kind: 'failed', error: new LbError('LB_API_UNREACHABLE', 'HTTP 503', 'Wait.') };

/** A cloud that answers as the test says; `writes` are the times of what it was sent. */
class Bench {
  readonly time = new FakeTime();
  readonly writes: number[] = [];
  readonly warned: string[] = [];
  readonly counted: string[] = [];
  unit = 0.5;
  outcome: ReportOutcome = { kind: 'taken' };
  /** While set, the answer waits. */
  hold: Promise<void> | undefined;
  readonly pace: ReportPace;

  constructor() {
    const say = () => {};
    const log: Log = {
      debug: say,
      info: (msg) => this.warned.push(msg),
      warn: (msg) => this.warned.push(msg),
      error: say,
    };
    this.pace = new ReportPace({
      sink: {
        write: async () => {
          this.writes.push(this.time.monotonicMs());
          const { outcome, hold } = this;
          await hold;
          return outcome;
        },
      },
      read: () => ({ nodeName: 'a', report: undefined }),
      clock: this.time,
      timers: this.time,
      random: () => this.unit,
      count: (outcome) => this.counted.push(outcome),
      log,
    });
  }

  /** In small steps, so that answers come in between. */
  async pass(ms: number, stepMs = 500): Promise<this> {
    for (let left = ms; left > 0; left -= stepMs) {
      this.time.advance(Math.min(stepMs, left));
      await setImmediate();
    }
    return this;
  }

  /** Connected, and the first report is out. @returns its time */
  async begin(): Promise<number> {
    this.pace.changed(false);
    this.pace.setOpen(true);
    await this.pass(FIRST_WITHIN_MS);
    assert.equal(this.writes.length, 1);
    return this.writes[0] ?? 0;
  }
}

describe('the pace of reports', () => {
  it('writes nothing before the cloud is there, and the first soon after', async () => {
    const bench = new Bench();
    bench.pace.changed(true);
    await bench.pass(60_000);
    assert.deepEqual(bench.writes, []);
    bench.pace.setOpen(true);
    await bench.pass(CONFLICTS_BETWEEN_MS);
    assert.equal(bench.writes.length, 1);
  });

  it('writes nothing at rest', async () => {
    const bench = new Bench();
    await bench.begin();
    await bench.pass(24 * 3_600_000, 600_000);
    assert.deepEqual([bench.counted, bench.time.pending], [['taken'], 0]);
  });

  it('writes changes together, half a minute apart at least', async () => {
    const bench = new Bench();
    const first = await bench.begin();
    for (let i = 0; i < 100; i++) {
      bench.pace.changed(false);
      await bench.pass(1_000);
    }
    const gaps = bench.writes.slice(1).map((ms, i) => ms - (bench.writes[i] ?? 0));
    assert.ok(bench.writes.length <= 1 + Math.ceil(bench.time.monotonicMs() / BETWEEN_MS), String(bench.writes));
    assert.ok(
      gaps.every((gap) => gap >= BETWEEN_MS),
      `${first}, then after ${gaps}`,
    );
  });

  it('writes a conflict at once, and the next ones five seconds apart', async () => {
    const bench = new Bench();
    await bench.begin();
    const heard = bench.time.monotonicMs();
    bench.pace.changed(true);
    await bench.pass(500);
    assert.deepEqual(bench.writes.slice(1), [heard]);
    for (let i = 0; i < 20; i++) {
      bench.pace.changed(true);
      await bench.pass(1_000);
    }
    const gaps = bench.writes.slice(2).map((ms, i) => ms - (bench.writes[i + 1] ?? 0));
    assert.ok(gaps.length >= 3 && gaps.every((gap) => gap >= CONFLICTS_BETWEEN_MS), String(gaps));
  });

  it('writes conflicts that go on and on, as somebody makes who invents a MAC for each frame, no oftener than anything else', async () => {
    const bench = new Bench();
    await bench.begin();
    const minutes = 30;
    for (let i = 0; i < minutes * 60; i++) {
      bench.pace.changed(true);
      await bench.pass(1_000, 1_000);
    }
    const most = (minutes * 60_000) / BETWEEN_MS + 8;
    assert.ok(bench.writes.length <= most, `${bench.writes.length} writes, ${most} at most`);
    await bench.pass(CALM_MS + BETWEEN_MS);
    bench.pace.changed(true);
    const heard = bench.time.monotonicMs();
    await bench.pass(500);
    assert.equal(bench.writes.at(-1), heard, 'after a calm the next one is told at once');
  });

  it('writes all anew when the cloud is back, each site at a time of its own', async () => {
    const times = [];
    for (const unit of [0, 0.5, 0.99]) {
      const bench = new Bench();
      await bench.begin();
      bench.pace.setOpen(false);
      await bench.pass(600_000, 10_000);
      bench.unit = unit;
      const back = bench.time.monotonicMs();
      bench.pace.setOpen(true);
      await bench.pass(BETWEEN_MS);
      assert.equal(bench.writes.length, 2);
      times.push((bench.writes[1] ?? 0) - back);
    }
    assert.deepEqual(times, [0, 0.5 * BETWEEN_MS, 0.99 * BETWEEN_MS]);
  });

  it('writes what changed during a write', async () => {
    const bench = new Bench();
    let answer = () => {};
    bench.hold = new Promise((resolve) => {
      answer = resolve;
    });
    await bench.begin();
    bench.pace.changed(true);
    bench.hold = undefined;
    answer();
    await bench.pass(CONFLICTS_BETWEEN_MS);
    assert.equal(bench.writes.length, 2);
  });

  it('says once that it is refused and asks seldom, and says when it is taken', async () => {
    const bench = new Bench();
    bench.outcome = refused;
    await bench.begin();
    for (let i = 0; i < 10; i++) {
      bench.pace.changed(true);
      await bench.pass(RETRY_MAX_MS / 2, 5_000);
    }
    assert.deepEqual(bench.warned, ['the cloud does not take the report of this node']);
    assert.ok(bench.writes.length <= 6, String(bench.writes));
    bench.outcome = { kind: 'taken' };
    await bench.pass(RETRY_MAX_MS, 5_000);
    assert.deepEqual(bench.warned.slice(1), ['the cloud takes the report of this node again']);
  });

  it('tries again after a failure, less and less often, and never sooner than the server asks', async () => {
    const bench = new Bench();
    bench.outcome = failed;
    await bench.begin();
    await bench.pass(1_200_000, 1_000);
    const gaps = bench.writes.slice(1).map((ms, i) => ms - (bench.writes[i] ?? 0));
    assert.ok((gaps[0] ?? 0) >= RETRY_MIN_MS / 2 && gaps.every((gap, i) => gap >= (gaps[i - 1] ?? 0)), String(gaps));
    assert.ok(gaps.length < 12, String(gaps));
    const asked = new Bench();
    asked.outcome = { ...failed, retryAfterMs: 60_000 };
    const first = await asked.begin();
    await asked.pass(70_000);
    assert.ok((asked.writes[1] ?? 0) - first >= 60_000, String(asked.writes));
  });

  it('writes no more once it is stopped', async () => {
    const bench = new Bench();
    bench.pace.changed(false);
    bench.pace.setOpen(true);
    bench.pace.stop();
    await bench.pass(60_000);
    assert.deepEqual([bench.writes, bench.time.pending], [[], 0]);
  });
});
