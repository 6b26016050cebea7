import { strict as assert } from 'node:assert';
import { silentLog } from '@openyurt/nodepool-types';
import { ApiError } from '../../../cloud-controller/src/kube/api-error.ts';
import { WorkQueue } from '../../../cloud-controller/src/kube/work-queue.ts';

/** A queue whose work the test ends by hand. */
function queue(concurrency: number, outcome: (key: string, run: number) => Error | undefined = () => undefined) {
  const started: string[] = [];
  const endings = new Map<string, () => void>();
  const retries = { count: 0 };
  const made = new WorkQueue(
    async (key) => {
      started.push(key);
      const error = outcome(key, started.filter((one) => one === key).length);
      if (error !== undefined) throw error;
      await new Promise<void>((resolve) => endings.set(key, resolve));
    },
    { concurrency, firstMs: 1, maxMs: 4 },
    silentLog,
    () => 0,
    { added() {}, worked() {}, retried: () => retries.count++ },
  );
  const end = async (key: string) => {
    endings.get(key)?.();
    for (let i = 0; i < 5; i++) await Promise.resolve();
  };
  return { queue: made, started, end, retries };
}

const until = async (isTrue: () => boolean) => {
  for (let i = 0; i < 500 && !isTrue(); i++) await new Promise((resolve) => setTimeout(resolve, 2));
  assert.ok(isTrue());
};

describe('WorkQueue', () => {
  it('works nothing before it is started, then each key once', () => {
    const { queue: q, started } = queue(9);
    for (const key of ['a', 'b', 'a']) q.add(key);
    assert.deepEqual(started, []);
    q.start();
    assert.deepEqual(started, ['a', 'b']);
  });

  it('never works a key twice at a time; what is added meanwhile runs again afterwards', async () => {
    const { queue: q, started, end } = queue(9);
    q.start();
    q.add('a');
    q.add('a');
    q.add('a');
    assert.deepEqual(started, ['a']);
    await end('a');
    assert.deepEqual(started, ['a', 'a']);
    await end('a');
    assert.deepEqual(started, ['a', 'a']);
  });

  it('lets the loop go round between runs that wait for nothing', async () => {
    let runs = 0;
    const busy = () => {
      const untilMs = performance.now() + 1;
      while (performance.now() < untilMs);
    };
    const work = async () => {
      busy();
      runs++;
    };
    const observer = { added() {}, worked() {}, retried() {} };
    const q = new WorkQueue(work, { concurrency: 8 }, silentLog, () => 0, observer);
    for (let i = 0; i < 100; i++) q.add(`${i}`);
    q.start();
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(runs < 50, `${runs} runs before the loop went round`);
    await until(() => runs === 100);
  });

  it('keeps to its concurrency; who is put first goes first, in order', async () => {
    const { queue: q, started, end } = queue(1);
    q.start();
    for (const key of ['a', 'b', 'c', 'd']) q.add(key);
    q.addFirst(['d', 'x']);
    await end('a');
    await end('d');
    await end('x');
    await end('b');
    assert.deepEqual(started, ['a', 'd', 'x', 'b', 'c']);
  });

  it('while a key waits for an answer, one of the last line is worked in each turn of the loop', async () => {
    const started: string[] = [];
    let answer = () => {};
    const work = async (key: string) => {
      started.push(key);
      if (key === 'waits') await new Promise<void>((resolve) => (answer = resolve));
    };
    const observer = { added() {}, worked() {}, retried() {} };
    const q = new WorkQueue(work, { concurrency: 8 }, silentLog, () => 0, observer);
    for (let i = 0; i < 50; i++) q.addLast(`${i}`);
    q.add('waits');
    q.start();
    await Promise.resolve();
    assert.deepEqual(started, ['waits', '0']);
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(started.length < 10, `${started.length} in one turn`);
    await until(() => started.length === 51);
    answer();
    await until(() => q.depth === 0);
  });

  it('who is put last comes after all others, also those that come later, unless it is news itself', async () => {
    const { queue: q, started, end } = queue(1);
    q.start();
    q.add('a');
    for (const key of ['l', 'm', 'n']) q.addLast(key);
    q.add('b');
    q.add('n');
    q.addLast('b');
    for (const key of ['a', 'b', 'n', 'l']) await end(key);
    q.addLast('m');
    await end('m');
    await end('m');
    assert.deepEqual(started, ['a', 'b', 'n', 'l', 'm', 'm']);
    assert.equal(q.depth, 0);
  });

  it('who is put first while it is worked on goes first afterwards', async () => {
    const { queue: q, started, end } = queue(1);
    q.start();
    for (const key of ['a', 'b', 'c']) q.add(key);
    q.addFirst(['a']);
    q.add('a');
    await end('a');
    assert.deepEqual(started, ['a', 'a']);
    await end('a');
    assert.deepEqual(started, ['a', 'a', 'b']);
  });

  it('repeats what fails, and forgets the failure after a success', async () => {
    const { queue: q, started, retries, end } = queue(1, (_, run) => (run <= 3 ? new Error('no') : undefined));
    q.start();
    q.add('a');
    await until(() => started.length === 4);
    assert.equal(retries.count, 3);
    await end('a');
    assert.equal(q.depth, 0);
  });

  it('what came while a run failed does not wait for the back-off', async () => {
    let fail = () => {};
    const started: string[] = [];
    const q = new WorkQueue(
      async (key) => {
        started.push(key);
        if (started.length === 1) await new Promise<void>((_, reject) => (fail = () => reject(new Error('no'))));
      },
      { concurrency: 1, firstMs: 600_000, maxMs: 600_000 },
      silentLog,
      () => 0,
      { added() {}, worked() {}, retried() {} },
    );
    q.start();
    q.add('a');
    q.add('a');
    fail();
    await until(() => started.length === 2);
    assert.equal(q.depth, 0, 'the retry is still planned');
  });

  it('waits as long as the server asks', async () => {
    const { queue: q, started } = queue(1, (_, run) =>
      run === 1 ? new ApiError(429, '', 'slow down', 60) : undefined,
    );
    q.start();
    const startedMs = performance.now();
    q.add('a');
    await until(() => started.length === 2);
    assert.ok(performance.now() - startedMs >= 55);
  });

  it('a retry does not wait for what the run wanted to look at again in minutes', async () => {
    const later = { ask: () => {} };
    const {
      queue: q,
      started,
      end,
    } = queue(1, (_, run) => {
      if (run > 1) return undefined;
      later.ask();
      return new Error('no');
    });
    later.ask = () => q.addAfter('a', 600_000);
    q.start();
    q.add('a');
    await until(() => started.length === 2);
    q.addAfter('b', 600_000);
    q.addAfter('b', 900_000);
    assert.equal(q.depth, 2);
    await end('a');
    await q.drain();
  });

  it('drains: ends what runs, begins nothing more', async () => {
    const { queue: q, started, end } = queue(1);
    q.start();
    q.add('a');
    q.add('b');
    const drained = q.drain();
    await end('a');
    await drained;
    assert.deepEqual(started, ['a']);
  });

  it('ten thousand keys keep their order', async () => {
    const { queue: q, started } = queue(20_000);
    const keys = Array.from({ length: 10_000 }, (_, i) => `k${i}`);
    for (const key of keys) q.add(key);
    q.start();
    await until(() => started.length === keys.length);
    assert.deepEqual(started, keys);
  });
});
