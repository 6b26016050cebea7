import { strict as assert } from 'node:assert';
import { silentLog } from '@openyurt/nodepool-types';
import { EventQueue, MOST_EVENTS, RETRY_MS } from '../../../edge-speaker/src/kube/event-queue.ts';
import type { ReportedEvent } from '../../../edge-speaker/src/ports/announcement-feed.ts';
import { FakeTime } from '../../support/fake-time.ts';
import { until } from '../../support/until.ts';

const event = (note: string, atWallMs: number, more: { count?: number; lastWallMs?: number } = {}): ReportedEvent => ({
  ...({ serviceKey: 'ns/web', serviceUid: 'u', type: 'Warning', reason: 'AddressConflict', action: 'Defend' } as const),
  ...{ note, atWallMs },
  ...more,
});

/** A cloud that takes events or does not, and two clocks of which one may be set. */
class Bench {
  sent: ReportedEvent[] = [];
  takes = true;
  monotonic = 0;
  wall = 1_000;
  readonly time = new FakeTime();
  readonly queue = new EventQueue(
    {
      send: (one) => {
        if (this.takes) this.sent.push(one);
        return Promise.resolve(this.takes);
      },
    },
    silentLog,
    { monotonicMs: () => this.monotonic, wallMs: () => this.wall },
    this.time,
  );

  add(...events: ReportedEvent[]): this {
    for (const one of events) this.queue.add(one);
    return this;
  }

  async connect(expected: number): Promise<readonly ReportedEvent[]> {
    this.queue.setOpen(true);
    await until('the events', () => this.sent.length >= expected);
    return this.sent;
  }
}

describe('events that wait for the cloud', () => {
  it('are sent in order once it is there, with the time at which they happened', async () => {
    const sent = await new Bench().add(event('one', 5), event('two', 6)).connect(2);
    assert.deepEqual(
      sent.map(({ note, atWallMs }) => [note, atWallMs]),
      [
        ['one', 5],
        ['two', 6],
      ],
    );
  });

  it('the same word again is one event with its first and last time and their number', async () => {
    const [sent] = await new Bench().add(event('one', 5), event('one', 8), event('one', 9)).connect(1);
    assert.deepEqual([sent?.atWallMs, sent?.lastWallMs, sent?.count], [5, 9, 3]);
  });

  it('what already stands for several is counted as several', async () => {
    const [sent] = await new Bench().add(event('one', 5, { count: 2, lastWallMs: 7 }), event('one', 9)).connect(1);
    assert.deepEqual([sent?.atWallMs, sent?.lastWallMs, sent?.count], [5, 9, 3]);
  });

  it('move with a clock that is set meanwhile', async () => {
    const bench = new Bench().add(event('one', 1_000));
    bench.monotonic += 60_000;
    bench.wall += 60_000;
    bench.add(event('one', 61_000));
    bench.wall += 1_000_000; // put right, after the outage
    const [sent] = await bench.connect(1);
    assert.deepEqual([sent?.atWallMs, sent?.lastWallMs], [1_001_000, 1_061_000]);
  });

  it('a word on a Node is another than one on a Service', async () => {
    const about = { type: 'Normal', reason: 'AddressConflict', action: 'Defend', note: 'one', atWallMs: 1 } as const;
    const sent = await new Bench().add(event('one', 5), { ...about, nodeName: 'a' }).connect(2);
    assert.equal(sent.length, 2);
  });

  it('beyond the bound the oldest go', async () => {
    const bench = new Bench();
    for (let i = 0; i < MOST_EVENTS + 3; i++) bench.add(event(`${i}`, i));
    const sent = await bench.connect(MOST_EVENTS);
    assert.deepEqual([sent.length, sent[0]?.note], [MOST_EVENTS, '3']);
  });

  it('what is refused is asked for again, with what came meanwhile', async () => {
    const bench = new Bench().add(event('one', 5));
    bench.takes = false;
    bench.queue.setOpen(true);
    bench.add(event('one', 7));
    await until('a retry is due', () => bench.time.pending === 1);
    bench.takes = true;
    bench.time.advance(RETRY_MS);
    await until('the event', () => bench.sent.length === 1);
    assert.deepEqual([bench.sent[0]?.count, bench.sent[0]?.lastWallMs], [2, 7]);
  });
});
