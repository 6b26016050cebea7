import { strict as assert } from 'node:assert';
import { EndpointWatch, PROBE_TIMEOUT_MS } from '../../../edge-speaker/src/drive/endpoint-watch.ts';
import type { ProbeOutcome } from '../../../edge-speaker/src/offline/endpoint-probe.ts';
import { EndpointProbes } from '../../../edge-speaker/src/offline/endpoint-probes.ts';
import { FakeTime } from '../../support/fake-time.ts';

const ENDPOINT = { node: 'a', ip: '10.0.0.1', port: 80 };

/** Connects that end as told, in time that a test moves. */
class Bench {
  readonly time = new FakeTime();
  readonly probes = new EndpointProbes(() => 0.5);
  readonly asked: string[] = [];
  readonly counted: ProbeOutcome[] = [];
  changes = 0;
  outcome: ProbeOutcome = 'refused';
  readonly watch = new EndpointWatch({
    probes: this.probes,
    prober: {
      probe: (ip, port, timeoutMs) => {
        this.asked.push(`${ip}:${port} ${timeoutMs}`);
        return Promise.resolve(this.outcome);
      },
    },
    clock: this.time,
    timers: this.time,
    count: (outcome) => this.counted.push(outcome),
    changed: () => this.changes++,
  });

  /** Steps through time, letting answers arrive. */
  async run(ms: number): Promise<void> {
    for (let i = 0; i < ms; i += 100) {
      this.time.advance(100);
      this.probes.settle(this.time.monotonicMs());
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    }
  }
}

describe('watching endpoints', () => {
  it('asks what is wanted until it is known dead, and says so once', async () => {
    const bench = new Bench();
    bench.probes.want('vip', [ENDPOINT], 0);
    bench.watch.run();
    await bench.run(10_000);
    assert.equal(bench.asked[0], `10.0.0.1:80 ${PROBE_TIMEOUT_MS}`);
    assert.deepEqual([bench.probes.wordOf('vip'), bench.changes], ['dead', 1]);
    assert.equal(bench.counted.length, bench.asked.length);
    bench.outcome = 'answered';
    await bench.run(20_000);
    assert.deepEqual([bench.probes.wordOf('vip'), bench.changes], ['alive', 2]);
  });

  it('has no timer while nothing is wanted', async () => {
    const bench = new Bench();
    bench.watch.run();
    assert.equal(bench.time.pending, 0);
    bench.probes.want('vip', [ENDPOINT], 0);
    bench.watch.run();
    assert.equal(bench.time.pending, 1);
    bench.probes.want('vip', [], 1);
    bench.watch.run();
    assert.equal(bench.time.pending, 0);
  });

  it('asks nothing after its end', async () => {
    const bench = new Bench();
    bench.probes.want('vip', [ENDPOINT], 0);
    bench.watch.run();
    bench.watch.stop();
    await bench.run(10_000);
    bench.watch.run();
    assert.deepEqual(bench.asked, []);
  });
});
