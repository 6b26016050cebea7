import { strict as assert } from 'node:assert';
import { type Log, silentLog } from '@openyurt/nodepool-types';
import { SnapshotWriter } from '../../../edge-speaker/src/io/snapshot-writer.ts';
import { FakeTime } from '../../support/fake-time.ts';

/** A writer over a disk that notes when each text came; `text` is the view. */
class Desk {
  readonly time = new FakeTime();
  readonly saved: string[] = [];
  readonly errors: string[] = [];
  text = 'empty';
  whole = true;
  broken = false;
  readonly writer: SnapshotWriter;

  constructor(loaded?: string) {
    const { time } = this;
    const log: Log = { ...silentLog, error: (msg) => this.errors.push(msg) };
    const store = {
      figures: { generation: 0n, bytes: 0, writtenWallMs: undefined, damaged: 0, failures: 0 },
      load: async () => ({ text: undefined, problems: [] }),
      save: async (text: string) => {
        if (this.broken) throw new Error('ENOSPC');
        this.saved.push(`${time.monotonicMs()} ${text}`);
      },
    };
    const encode = () => ({ text: this.text, fingerprint: this.text });
    this.writer = new SnapshotWriter(
      { store, clock: time, timers: time, log, encode, whole: () => this.whole },
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

  it('writes at once when the link is lost, one second after the last write at the earliest', async () => {
    const desk = new Desk();
    desk.change('a');
    await desk.pass(300);
    desk.change('b');
    desk.writer.linkLost();
    await desk.pass(2_700);
    desk.change('c');
    desk.writer.linkLost();
    await desk.pass(10_000);
    assert.deepEqual(desk.saved, ['250 a', '1250 b', '3000 c']);
  });

  it('says once that the disk fails, and tries again by itself, seldom', async () => {
    const desk = new Desk();
    desk.broken = true;
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

  it('flushes what is not written when the process leaves', async () => {
    const desk = new Desk();
    desk.change('a');
    await desk.writer.flush();
    assert.deepEqual([desk.saved, desk.time.pending], [['0 a'], 0]);
  });
});
