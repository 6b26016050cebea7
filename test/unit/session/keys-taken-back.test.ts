import { strict as assert } from 'node:assert';
import { PoolKeyRing } from '../../../edge-speaker/src/session/pool-keys.ts';
import { DialedPair } from '../../support/dialed-pair.ts';

const ringOf = (...keys: { id: string; byte: number }[]) =>
  new PoolKeyRing(
    keys.map(({ id, byte }) => ({ id, secret: Buffer.alloc(32, byte) })),
    'hangzhou',
  );
const OLD = { id: 'k1', byte: 1 };
const NEW = { id: 'k2', byte: 2 };
/** The same id, other bytes: an operator who exchanged the key in place. */
const SAME_ID = { id: 'k1', byte: 3 };
describe('keys that come and go', () => {
  for (const [name, ring] of [
    ['a newer one', ringOf(OLD, NEW)],
    ['other bytes under the same id', ringOf(SAME_ID)],
  ] as const) {
    it(`${name}: the session is offered it until the other side has it too`, () => {
      const pair = new DialedPair(ringOf(OLD));
      pair.step({ kind: 'keys', ring });
      for (let i = 0; i < 3; i++) {
        const dial = pair.dialed.at(-1) ?? assert.fail('not dialed');
        assert.equal(pair.dialed.length, i + 1);
        assert.equal(dial.key, ring.keys[0]?.identity);
        pair.step({ kind: 'channel-down', channel: dial.channel, how: 'handshake' });
        if (i < 2) pair.live(2100);
        assert.equal(i < 2 ? pair.state : 'alive', 'alive', 'and stands meanwhile');
      }
    });
  }

  it('a session moved to the newest key is not dialed again', () => {
    const pair = new DialedPair(ringOf(OLD));
    pair.step({ kind: 'keys', ring: ringOf(OLD, NEW) });
    pair.greet(pair.dialed[0]?.channel ?? assert.fail());
    pair.live(300, false);
    assert.equal(pair.state, 'alive');
    assert.equal(pair.dialed.length, 1);
  });

  it('a session whose key was taken back ends: who has no other key is a member no more', () => {
    const pair = new DialedPair(ringOf(OLD));
    pair.step({ kind: 'keys', ring: ringOf(NEW) });
    pair.live(4900);
    assert.equal(pair.state, 'alive', 'it has time to show the new one');
    pair.live(5400);
    assert.equal(pair.state, 'dead');
    assert.ok(pair.counts.includes('session-key-removed'));
  });

  it('a Secret without keys ends nothing', () => {
    const pair = new DialedPair(ringOf(OLD));
    pair.step({ kind: 'keys', ring: ringOf() });
    pair.live(12_000);
    assert.equal(pair.state, 'alive');
  });

  it('a lapsed session is over when its key was taken back', () => {
    for (const [ring, want] of [
      [ringOf(OLD, NEW), 'suspect'],
      [ringOf(NEW), 'dead'],
    ] as const) {
      const pair = new DialedPair(ringOf(OLD));
      pair.live(500, false);
      assert.equal(pair.state, 'dead');
      pair.step({ kind: 'keys', ring });
      pair.live(50, false);
      for (let echo = 0n; echo < 200n; echo++) pair.beat(echo);
      assert.equal(pair.state, want);
    }
  });
});
