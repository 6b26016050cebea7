import { strict as assert } from 'node:assert';
import { silentLog } from '@openyurt/nodepool-types';
import { PoolKeyRing } from '../../../edge-speaker/src/session/pool-keys.ts';
import { DialedPair } from '../../support/dialed-pair.ts';
import { PoolRun } from '../../support/pool-run.ts';

const ring = new PoolKeyRing([{ id: 'k1', secret: Buffer.alloc(32, 1) }], 'hangzhou');

describe('two dials that cross', () => {
  // Three ways through the LAN and more: handshakes of 40 to 250 ms, as on a host that is busy.
  for (const wayMs of [0.3, 35, 45, 60, 80]) {
    it(`leave one connection and then rest, one way being ${wayMs} ms`, async () => {
      let changes = 0;
      const info = (msg: string) => {
        if (msg === 'member state changed') changes += 1;
      };
      const log = { ...silentLog, info };
      const run = new PoolRun({ seed: 3, loss: 0, delayMs: [wayMs, wayMs], members: 3, addresses: ['10.9.0.1'], log });
      const pass = async (ms: number) => {
        for (let i = 0; i < ms; i += 10) {
          run.advance(10);
          await Promise.resolve();
        }
      };
      await pass(6_000);
      run.partition(new Map([['10.0.0.1', 1]]));
      await pass(3_000);
      run.partition(new Map());
      await pass(3_000);
      for (const { session } of run.members) assert.ok(session.members().every(({ state }) => state === 'alive'));
      changes = 0;
      await pass(10_000);
      assert.equal(changes, 0);
    });
  }
});

describe('a connection from a member in session', () => {
  for (const { laterMs, stays } of [
    { laterMs: 100, stays: 'dialed' },
    { laterMs: 2_800, stays: 'dialed' },
    { laterMs: 3_100, stays: 'accepted' },
  ]) {
    it(`${laterMs} ms after it began: the one we ${stays} stays`, () => {
      const pair = new DialedPair(ring);
      pair.live(laterMs - 100);
      const channel = pair.m.newChannel();
      const identity = ring.keys[0]?.identity ?? assert.fail();
      pair.step({ kind: 'accepted', channel, remote: { address: '10.0.0.9', port: 4 }, identity });
      pair.greet(channel);
      assert.deepEqual(pair.ended, [stays === 'dialed' ? channel : pair.first]);
      assert.equal(pair.state, 'alive');
    });
  }
});

describe('sessions that end as soon as they have begun', () => {
  it('are dialed at once a few times, then ten times a second', () => {
    const pair = new DialedPair(ring);
    let [last] = pair.dialed;
    const lose = () => {
      if (last === pair.dialed.at(-1)) return;
      last = pair.dialed.at(-1) ?? assert.fail();
      pair.greet(last.channel);
      pair.step({ kind: 'channel-down', channel: last.channel, how: 'ended' });
    };
    pair.live(1000);
    pair.step({ kind: 'channel-down', channel: pair.first, how: 'ended' });
    for (let i = 0; i < 100; i++) {
      lose();
      pair.live(10);
    }
    assert.ok(pair.dialed.length >= 4 && pair.dialed.length <= 14, `${pair.dialed.length} dials`);
  });
});
