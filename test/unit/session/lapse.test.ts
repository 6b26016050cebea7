import { strict as assert } from 'node:assert';
import { DEFAULT_SITE_CONFIG } from '@openyurt/nodepool-types';
import { Seeds } from '../../../edge-speaker/src/election/seeds.ts';
import type { Effect, Fact } from '../../../edge-speaker/src/session/facts.ts';
import { encodeFrame } from '../../../edge-speaker/src/session/frames.ts';
import {
  decodeHeartbeat,
  deriveHeartbeatKeys,
  encodeHeartbeat,
  type Heartbeat,
  TAKEN_BACK,
  TYPE_HEARTBEAT,
} from '../../../edge-speaker/src/session/heartbeat.ts';
import { PoolKeyRing } from '../../../edge-speaker/src/session/pool-keys.ts';
import { PoolMachine } from '../../../edge-speaker/src/session/pool-machine.ts';
import { PoolRun } from '../../support/pool-run.ts';

const ring = new PoolKeyRing([{ id: 'k1', secret: Buffer.alloc(32, 7) }], 'hangzhou');
const key = ring.keys[0] ?? assert.fail('no key');
const from = { address: '10.0.0.9', port: 10373 };
const facts = { configHash: 'ab'.repeat(8), heartbeatMs: 100, deadMs: 350, tcpPort: 10373, udpPort: 10373, macs: [] };
/** Where member `a` goes before `b`, and the other way round. */
const seeds = new Seeds();
const address = (first: string, second: string) => {
  for (let i = 1; i < 255; i++) if (seeds.beats(first, second, `10.9.0.${i}`)) return `10.9.0.${i}`;
  return assert.fail();
};
const [OF_A, OF_B] = [address('a', 'b'), address('b', 'a')];
const ADDRESSES = [OF_A, OF_B];

/** Machine `b`, and member `a` by hand: `a` said hello under an incarnation, claims its address, beat once, fell silent. */
class Pair {
  readonly m = new PoolMachine({
    node: 'b',
    incarnation: 1n,
    ring,
    site: { ...DEFAULT_SITE_CONFIG, minReadySeconds: 0 },
    port: 10373,
    startMs: 0,
    announcedBefore: ADDRESSES,
    randomBytes: (size) => Buffer.alloc(size, 5),
  });
  readonly holds = new Set<string>();
  nowMs = 0;
  /** What `b` sent to `a`, to its address and to the group. */
  sent: { beat: Heartbeat; group: boolean }[] = [];
  dials = 0;
  private readonly keys = deriveHeartbeatKeys(key, Buffer.alloc(16, 0xff), Buffer.alloc(16, 5), true);
  private sequence = 0n;

  constructor() {
    const items = ADDRESSES.map((each) => ({ address: each, uids: ['u'], rv: 1n, proven: true }));
    this.step({ kind: 'bound', ports: { udp: 10373, tcp: 10373, deaf: false } });
    this.step({ kind: 'members', members: [{ node: 'a', addresses: [from.address] }] });
    this.step({ kind: 'links', links: [{ name: 'eth0', mac: '02:00:00:00:00:01', ips: ['10.0.0.1'] }] });
    this.step({ kind: 'offers', items, seenRv: 1n });
    const channel = this.m.newChannel();
    this.step({ kind: 'accepted', channel, remote: { address: from.address, port: 4 }, identity: key.identity });
    const told = [
      { t: 'hello', v: 1, node: 'a', incarnation: '1'.padStart(16, '0'), nonce: 'f'.repeat(32), ...facts },
      { t: 'offers', version: 1, seen: '1', items: items.map((item) => ({ ...item, rv: '1' })) },
      { t: 'claims', version: 1, items: [OF_A] },
    ];
    for (const message of told) this.step({ kind: 'channel-data', channel, bytes: encodeFrame(message) });
    this.hear({});
    assert.deepEqual([this.state, [...this.holds]], ['alive', [OF_B]]);
    this.live(500);
    assert.deepEqual([this.state, this.holds.size], ['dead', 2]);
  }

  get state(): string | undefined {
    return this.m.members()[0]?.state;
  }

  get last(): bigint {
    return this.sent.at(-1)?.beat.sequence ?? assert.fail('it said nothing');
  }

  /** Time goes by, as its own timer sees it. */
  live(ms: number): void {
    for (const untilMs = this.nowMs + ms; this.nowMs < untilMs; ) {
      this.nowMs = Math.max(this.nowMs + 1, Math.min(untilMs, this.m.dueMs()));
      this.step({ kind: 'tick' });
    }
  }

  /** A heartbeat of `a`. */
  hear(beat: Partial<Heartbeat>): void {
    this.sequence += 1n;
    const whole = { sequence: this.sequence, echo: 0n, answerNow: true, toGroup: false, seeking: false, keptFrom: 1 };
    const bytes = encodeHeartbeat({ ...whole, ...beat }, this.keys);
    this.step({ kind: 'datagram', bytes, from });
  }

  step(fact: Fact): void {
    this.run(this.m.step(fact, this.nowMs));
    this.run(this.m.tell());
  }

  private run(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'announce') this.holds.add(effect.address);
      if (effect.kind === 'withdraw') this.holds.delete(effect.address);
      if (effect.kind === 'dial') this.dials += 1;
      if ((effect.kind !== 'datagram' && effect.kind !== 'to-group') || effect.bytes[3] !== TYPE_HEARTBEAT) continue;
      const beat = decodeHeartbeat(effect.bytes, this.keys) ?? assert.fail('forged');
      this.sent.push({ beat, group: effect.kind === 'to-group' });
    }
  }
}

describe('a member that fell silent', () => {
  const cases: { name: string; beat: (pair: Pair) => Partial<Heartbeat>; want: 'suspect' | 'dead' }[] = [
    { name: 'echoes what it was just sent: it is back', beat: ({ last }) => ({ echo: last }), want: 'suspect' },
    { name: 'seeks us as we seek it', beat: ({ last }) => ({ echo: last, seeking: true }), want: 'suspect' },
    { name: 'has heard nothing since', beat: () => ({ echo: 1n }), want: 'dead' },
    { name: 'echoes more than was ever sent', beat: ({ last }) => ({ echo: last + 1n }), want: 'dead' },
    { name: 'a heartbeat from before', beat: ({ last }) => ({ echo: last, sequence: 1n }), want: 'dead' },
    { name: 'took back a claim', beat: ({ last }) => ({ echo: last, keptFrom: 2 }), want: 'dead' },
    { name: 'took back all', beat: ({ last }) => ({ echo: last, keptFrom: TAKEN_BACK }), want: 'dead' },
    {
      name: 'a heartbeat that somebody kept back for a second',
      beat: (pair) => {
        const echo = pair.last;
        pair.live(1000);
        return { echo };
      },
      want: 'dead',
    },
  ];
  for (const { name, beat, want } of cases) {
    it(name, () => {
      const pair = new Pair();
      pair.live(200);
      pair.hear(beat(pair));
      assert.equal(pair.state, want);
      assert.deepEqual([...pair.holds].sort(), want === 'suspect' ? [OF_B] : [...ADDRESSES].sort());
      assert.equal(pair.dials > 0, want === 'suspect', 'dialed at once where its word counts');
    });
  }

  it('took back a claim and is heard: it hears that at once, for it may be the one that can tell', () => {
    const pair = new Pair();
    pair.live(200);
    const before = pair.sent.length;
    pair.hear({ echo: pair.last, answerNow: false, keptFrom: TAKEN_BACK });
    const [answer, ...more] = pair.sent.slice(before);
    assert.deepEqual([answer?.beat.echo, more.length], [2n, 0]); // its second heartbeat
    pair.hear({ echo: pair.last, answerNow: false, keptFrom: TAKEN_BACK });
    assert.equal(pair.sent.length, before + 1, 'an answer to each answer would go on for ever');
  });

  it('is believed no longer than it is heard', () => {
    const pair = new Pair();
    pair.hear({ echo: pair.last });
    assert.deepEqual([...pair.holds], [OF_B]);
    pair.live(400);
    assert.deepEqual([pair.state, pair.holds.size], ['dead', 2]);
  });

  it('is not believed once it says that it took back what it told', () => {
    const pair = new Pair();
    pair.hear({ echo: pair.last });
    pair.hear({ echo: pair.last, keptFrom: TAKEN_BACK });
    assert.deepEqual([pair.state, pair.holds.size], ['dead', 2]);
  });

  it('has five seconds to begin a session, however often it is heard and falls silent again', () => {
    const pair = new Pair();
    const states: (string | undefined)[] = [];
    for (let i = 0; i < 20; i++) {
      pair.hear({ echo: pair.last });
      states.push(pair.state);
      pair.live(400);
    }
    assert.deepEqual(new Set(states.slice(0, 12)), new Set(['suspect']));
    assert.deepEqual(new Set(states.slice(-5)), new Set(['dead']));
    assert.equal(pair.holds.size, 2);
  });

  it('does not come back by an echo from before a stop of our own', () => {
    const pair = new Pair();
    const echo = pair.last;
    pair.hear({ echo, answerNow: false, keptFrom: 2 });
    pair.nowMs += 1000;
    pair.live(120);
    pair.hear({ echo });
    assert.equal(pair.state, 'dead');
    pair.hear({ echo: pair.last });
    assert.equal(pair.state, 'suspect');
  });

  it('is sought each 20 ms for a minute, then at each heartbeat, for ten minutes', () => {
    const pair = new Pair();
    const perSecond = (afterMs: number) => {
      pair.live(afterMs);
      pair.sent = [];
      pair.live(1000);
      assert.ok(pair.sent.every(({ beat }) => beat.seeking && beat.answerNow));
      assert.ok(pair.sent.every(({ beat, group }) => beat.toGroup === group));
      return [pair.sent.filter(({ group }) => !group).length, pair.sent.filter(({ group }) => group).length];
    };
    assert.deepEqual(perSecond(0), [50, 50]);
    assert.deepEqual(perSecond(60_000), [10, 10]);
    assert.deepEqual(perSecond(540_000), [0, 0]);
  });

  it('hears that a claim was taken back that it may have heard of', () => {
    const pair = new Pair();
    pair.live(100);
    assert.equal(pair.sent.at(-1)?.beat.keptFrom, 0);
    pair.step({ kind: 'failed', address: OF_A }); // taken over since: it never heard of that
    pair.live(100);
    assert.equal(pair.sent.at(-1)?.beat.keptFrom, 0);
    pair.step({ kind: 'failed', address: OF_B });
    pair.live(100);
    assert.equal(pair.sent.at(-1)?.beat.keptFrom, TAKEN_BACK);
  });
});

describe('a partition that heals', () => {
  const heals: { name: string; alone: readonly number[] }[] = [
    { name: 'one of five', alone: [3] },
    { name: 'two halves', alone: [1, 3] },
  ];
  for (const { name, alone } of heals) {
    for (const cutMs of [400, 5_000, 70_000]) {
      it(`${name}, cut for ${cutMs} ms: one answers alone within a beat and a round trip, and none without`, async () => {
        const addresses = Array.from({ length: 12 }, (_, i) => `10.9.0.${i + 1}`);
        const site = { ...DEFAULT_SITE_CONFIG, minReadySeconds: 0 };
        const run = new PoolRun({ seed: 1, loss: 0, delayMs: [0.1, 0.4], members: 5, addresses, site });
        const pass = async (ms: number, stepMs = 10) => {
          for (let i = 0; i < ms; i += stepMs) {
            run.advance(stepMs);
            await Promise.resolve();
          }
        };
        await pass(3_000);
        run.partition(new Map(run.members.map(({ address: at }, i) => [at, alone.includes(i) ? 1 : 0])));
        await pass(cutMs);
        run.longestNoneMs = 0;
        run.longestTwoMs = 0;
        run.partition(new Map());
        await pass(1_500, 1);
        for (const each of addresses) assert.equal(run.answering(each).length, 1, each);
        assert.equal(run.longestNoneMs, 0);
        const beatMs = cutMs < 60_000 ? 20 : 100;
        assert.ok(run.longestTwoMs < beatMs + 10, `${run.longestTwoMs.toFixed(1)} ms`);
      });
    }
  }
});
