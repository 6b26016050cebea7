import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { StaleFrames } from '../../../edge-speaker/src/announce/stale-frames.ts';

/** A process with both clocks, and a socket whose frames it reads. */
class Reader {
  monoMs = 5_000;
  wall = 1_700_000_000_000;
  readonly frames = new StaleFrames({ monotonicMs: () => this.monoMs, wallMs: () => Math.floor(this.wall) });

  pass(ms: number): void {
    this.monoMs += ms;
    this.wall += ms;
  }

  /** Reads a frame that the kernel stamped so long ago, by the wall clock of now. */
  reads(waitedMs: number): 'stale' | 'fresh' {
    return this.frames.isStale(this.wall - waitedMs) ? 'stale' : 'fresh';
  }

  readsAll(...waitedMs: readonly number[]): string {
    return waitedMs.map((ms) => this.reads(ms)).join(' ');
  }
}

describe('StaleFrames', () => {
  it('a process that was stopped drops what waited, and hears what came since', () => {
    const reader = new Reader();
    reader.reads(0);
    reader.pass(2_000);
    assert.equal(reader.readsAll(1_900, 1_000, 101, 99, 2, 0, 50), 'stale stale stale stale stale fresh fresh');
  });

  it('one that was stopped shortly answers what waited', () => {
    const reader = new Reader();
    reader.reads(0);
    reader.pass(101);
    assert.equal(reader.readsAll(100, 50, 0), 'fresh fresh fresh');
  });

  it('a quiet LAN makes no frame old', () => {
    const reader = new Reader();
    for (let i = 0; i < 5; i++) {
      reader.pass(60_000);
      assert.equal(reader.reads(0), 'fresh');
    }
  });

  it('what waits in line during a flood is answered, however long the line', () => {
    const reader = new Reader();
    reader.reads(0);
    for (let waitedMs = 1; waitedMs < 1_000; waitedMs += 10) {
      reader.pass(10);
      assert.equal(reader.reads(waitedMs), 'fresh');
    }
  });

  it('a line that came after the stop is answered though it has grown while the old was dropped', () => {
    const reader = new Reader();
    reader.pass(1_000);
    assert.equal(reader.reads(900), 'stale');
    reader.pass(90);
    assert.equal(reader.reads(900), 'stale');
    reader.pass(90);
    assert.equal(reader.readsAll(181, 179, 150), 'stale fresh fresh');
  });

  for (const stepMs of [-86_400_000, -5_000, -150, 150, 5_000, 86_400_000]) {
    it(`the clock is set by ${stepMs} ms: deaf to nothing that comes afterwards`, () => {
      const reader = new Reader();
      const listen = () => {
        for (const pauseMs of [0, 1, 50, 99, 150, 5_000]) {
          reader.pass(pauseMs);
          assert.equal(reader.reads(0), 'fresh', `after ${pauseMs} ms`);
        }
      };
      listen();
      reader.wall += stepMs;
      listen();
      reader.pass(1_000);
      assert.equal(reader.reads(500), 'stale', 'and a stop is still seen');
      reader.wall += stepMs; // while what waited is dropped
      listen();
    });
  }

  it('never deaf to what has just come, whatever was before', () => {
    const readings = fc.array(
      fc.record({
        pauseMs: fc.nat(1_000),
        waitedMs: fc.nat(2_000),
        stepMs: fc.constantFrom(0, 0, -3_600_000, -50, 50, 700),
      }),
    );
    fc.assert(
      fc.property(readings, (before) => {
        const reader = new Reader();
        for (const { pauseMs, waitedMs, stepMs } of before) {
          reader.pass(pauseMs);
          reader.reads(waitedMs);
          reader.wall += stepMs;
        }
        assert.equal(reader.reads(0), 'fresh');
      }),
    );
  });
});
