import { strict as assert } from 'node:assert';
import { type Log, silentLog, type Timers } from '@openyurt/nodepool-types';
import { SnapshotWriter } from '../../../edge-speaker/src/io/snapshot-writer.ts';

class HeldTimers implements Timers {
  readonly due: { ms: number; run: () => void }[] = [];

  after(ms: number, run: () => void): () => void {
    const entry = { ms, run };
    this.due.push(entry);
    return () => {
      const i = this.due.indexOf(entry);
      if (i >= 0) this.due.splice(i, 1);
    };
  }

  async fire(): Promise<number> {
    const next = this.due.shift();
    next?.run();
    await new Promise((resolve) => setImmediate(resolve));
    return next?.ms ?? Number.NaN;
  }
}

function made(save: () => Promise<void> = async () => {}) {
  const timers = new HeldTimers();
  const saved: string[] = [];
  const errors: string[] = [];
  const log: Log = { ...silentLog, error: (msg) => errors.push(msg) };
  const figures = { generation: 0n, bytes: 0, writtenWallMs: undefined, damaged: 0, failures: 0 };
  const state = { text: 'x' };
  const store = {
    figures,
    load: async () => ({ text: undefined, problems: [] }),
    save: async (text: string) => {
      await save();
      saved.push(text);
    },
  };
  const encode = () => ({ text: `${state.text} v`, fingerprint: state.text });
  return { timers, saved, errors, state, writer: new SnapshotWriter({ store, timers, log, encode }, undefined) };
}

describe('snapshot writer', () => {
  it('writes soon the first time, then at most every five seconds', async () => {
    const { writer, timers, saved, state } = made();
    writer.touch();
    writer.touch();
    assert.equal(timers.due.length, 1);
    assert.ok((await timers.fire()) < 1000);
    state.text = 'y';
    writer.touch();
    assert.equal(await timers.fire(), 5_000);
    assert.deepEqual(saved, ['x v', 'y v']);
  });

  it('writes nothing where nothing new is said', async () => {
    const { writer, timers, saved } = made();
    for (let i = 0; i < 3; i++) {
      writer.touch();
      await timers.fire();
    }
    assert.deepEqual(saved, ['x v']);
  });

  it('says once that the disk fails, and tries again by itself', async () => {
    let broken = true;
    const { writer, timers, saved, errors } = made(async () => {
      if (broken) throw new Error('ENOSPC');
    });
    writer.touch();
    await timers.fire();
    await timers.fire();
    broken = false;
    await timers.fire();
    assert.deepEqual({ errors: errors.length, saved }, { errors: 1, saved: ['x v'] });
  });
});
