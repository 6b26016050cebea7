import { strict as assert } from 'node:assert';
import { LbError, type LbErrorCode, type Log, silentLog } from '@openyurt/nodepool-types';
import fc from 'fast-check';
import { SnapshotWriter, VIEW_BETWEEN_MS } from '../../../edge-speaker/src/io/snapshot-writer.ts';
import { FakeTime } from '../../support/fake-time.ts';

const NO_FIGURES = {
  generation: 0n,
  bytes: 0,
  writtenWallMs: undefined,
  damaged: 0,
  failures: 0,
  writes: 0,
  writtenBytes: 0,
  stuck: false,
};

/** A writer over a disk that notes when each text came; `text` is the view. */
class Desk {
  readonly time = new FakeTime();
  readonly saved: string[] = [];
  readonly errors: string[] = [];
  text = 'empty';
  whole = true;
  broken: false | LbErrorCode = false;
  /** Never ends while set: a disk that is worse than the store promises. */
  hangs = false;
  misshapen = false;
  readonly writer: SnapshotWriter;

  constructor(loaded?: string, pace: { bytesPerSecond?: number } = {}) {
    const { time } = this;
    const log: Log = { ...silentLog, error: (msg) => this.errors.push(msg) };
    const store = {
      figures: NO_FIGURES,
      load: async () => ({ text: undefined, problems: [] }),
      save: async (text: string) => {
        if (this.broken !== false) throw new LbError(this.broken, 'no', 'none');
        if (this.hangs) await new Promise(() => {});
        this.saved.push(`${time.monotonicMs()} ${text}`);
      },
    };
    const encode = () => {
      if (this.misshapen) throw new RangeError('Invalid string length');
      return { text: this.text, fingerprint: this.text };
    };
    this.writer = new SnapshotWriter(
      { store, clock: time, timers: time, log, encode, whole: () => this.whole, betweenMs: VIEW_BETWEEN_MS, ...pace },
      loaded,
    );
  }

  change(text: string): void {
    this.text = text;
    this.writer.touch();
  }

  /** Moves on in small steps, so that a write is over before the next timer. */
  async pass(ms: number): Promise<void> {
    for (let done = 0; done <= ms; done += 50) {
      this.time.advance(done === 0 ? 0 : 50); // what is due now goes first
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

describe('snapshot writer', () => {
  it('a large text is written as much more seldom as it is larger', async () => {
    const desk = new Desk(undefined, { bytesPerSecond: 10 });
    const large = (mark: string) => mark.repeat(200);
    desk.change(large('a'));
    await desk.pass(1_000);
    for (let i = 0; i < 30; i++) {
      desk.change(large(i % 2 === 0 ? 'b' : 'c'));
      await desk.pass(1_000);
    }
    desk.change('small');
    await desk.pass(30_000);
    desk.change('s');
    await desk.pass(6_000);
    const told = desk.saved
      .map((line) => line.split(' '))
      .map(([ms, text = '']) => `${Math.round(Number(ms) / 1000)} ${text.length}`);
    assert.deepEqual(told, ['0 200', '20 200', '40 5', '61 1']);
  });

  it('writes soon after a quiet spell, what comes together at once, then at most every five seconds', async () => {
    const desk = new Desk();
    desk.change('a');
    desk.change('b');
    await desk.pass(300);
    desk.change('c');
    await desk.pass(20_000);
    desk.change('d');
    await desk.pass(1_000);
    assert.deepEqual(desk.saved, ['250 b', '5250 c', '20550 d']);
  });

  it('a view that changes all the time costs one write per five seconds', async () => {
    const desk = new Desk();
    for (let i = 0; i < 600; i++) {
      desk.change(`${i}`);
      await desk.pass(50);
    }
    assert.equal(desk.saved.length, 6);
  });

  it('writes nothing where nothing new is said, neither against the disk nor against the last write', async () => {
    const desk = new Desk('a');
    desk.change('a');
    await desk.pass(1_000);
    desk.change('b');
    await desk.pass(6_000);
    desk.change('b');
    await desk.pass(6_000);
    desk.writer.linkLost();
    await desk.pass(6_000);
    assert.deepEqual(desk.saved, ['1250 b']);
  });

  it('the first write waits until every list is in', async () => {
    const desk = new Desk();
    desk.whole = false;
    desk.change('services');
    await desk.pass(3_000);
    assert.deepEqual(desk.saved, []);
    desk.whole = true;
    desk.change('services, nodes');
    await desk.pass(500);
    assert.deepEqual(desk.saved, ['3250 services, nodes']);
  });

  it('but not for ever: half a view is better than none', async () => {
    const desk = new Desk();
    desk.whole = false;
    desk.change('services');
    await desk.pass(30_000);
    assert.deepEqual(desk.saved, ['10000 services']);
  });

  it('writes at once when the link is lost, one second after the last write at the earliest, and one in advance at most', async () => {
    const desk = new Desk();
    desk.change('a');
    await desk.pass(300);
    desk.change('b');
    desk.writer.linkLost();
    await desk.pass(2_700);
    desk.change('c');
    desk.writer.linkLost();
    await desk.pass(10_000);
    assert.deepEqual(desk.saved, ['250 a', '1250 b', '5250 c']); // c waits until what b took in advance is paid back
  });

  it('says once that the disk fails, and tries again by itself, seldom', async () => {
    const desk = new Desk();
    desk.broken = 'LB_CACHE_UNUSABLE';
    desk.change('a');
    for (let i = 0; i < 20; i++) {
      await desk.pass(2_000);
      desk.change(`a${i}`);
      desk.writer.linkLost();
    }
    assert.equal(desk.errors.length, 1);
    desk.broken = false;
    await desk.pass(30_000);
    assert.deepEqual(desk.saved, ['60250 a19']);
  });

  it('however the view changes and the link flaps, no time has more than one write per five seconds and one more', async () => {
    const step = fc.record({ ms: fc.integer({ min: 1, max: 3_000 }), change: fc.boolean(), lost: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
        const desk = new Desk();
        for (const [i, { ms, change, lost }] of steps.entries()) {
          if (change) desk.change(`${i}`);
          if (lost) desk.writer.linkLost();
          await desk.pass(ms);
        }
        const times = desk.saved.map((line) => Number.parseInt(line, 10));
        for (const [i, from] of times.entries())
          for (const [more, to] of times.slice(i).entries())
            assert.ok(
              more + 1 <= Math.floor((to - from) / VIEW_BETWEEN_MS) + 2,
              `${more + 1} writes from ${from} to ${to}`,
            );
      }),
      { numRuns: 60 },
    );
  });

  it('says what is wrong again when it is something else', async () => {
    const desk = new Desk();
    desk.change('a');
    for (const code of ['LB_CACHE_UNUSABLE', 'LB_CACHE_SHARED', 'LB_CACHE_SHARED', 'LB_CACHE_UNUSABLE'] as const) {
      desk.broken = code;
      await desk.pass(30_000);
    }
    assert.equal(desk.errors.length, 3);
  });

  it('a view that cannot be written as text is said and ends nothing', async () => {
    const desk = new Desk();
    desk.misshapen = true;
    desk.change('a');
    await desk.pass(1_000);
    assert.equal(desk.errors.length, 1);
    desk.misshapen = false;
    await desk.pass(30_000);
    assert.deepEqual(desk.saved, ['30250 a']);
  });

  it('a disk that never answers does not keep the process from leaving', async () => {
    const desk = new Desk();
    desk.hangs = true;
    desk.change('a');
    await desk.pass(500);
    let left = false;
    const leaving = desk.writer.flush().then(() => {
      left = true;
    });
    await desk.pass(900);
    assert.equal(left, false);
    await desk.pass(200);
    await leaving;
    assert.equal(left, true);
  });

  it('flushes what is not written when the process leaves', async () => {
    const desk = new Desk();
    desk.change('a');
    await desk.writer.flush();
    assert.deepEqual([desk.saved, desk.time.pending], [['0 a'], 0]);
  });
});
