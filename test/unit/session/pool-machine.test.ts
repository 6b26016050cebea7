import { strict as assert } from 'node:assert';
import { DEFAULT_SITE_CONFIG } from '@openyurt/nodepool-types';
import fc from 'fast-check';
import { Seeds } from '../../../edge-speaker/src/election/seeds.ts';
import type { ChannelEnd } from '../../../edge-speaker/src/ports/peer-socket.ts';
import type { Effect, Fact } from '../../../edge-speaker/src/session/facts.ts';
import { encodeFrame } from '../../../edge-speaker/src/session/frames.ts';
import { deriveHeartbeatKeys, encodeHeartbeat } from '../../../edge-speaker/src/session/heartbeat.ts';
import { encodeHello } from '../../../edge-speaker/src/session/hello.ts';
import { hashSite } from '../../../edge-speaker/src/session/pool.ts';
import { PoolKeyRing } from '../../../edge-speaker/src/session/pool-keys.ts';
import { PoolMachine } from '../../../edge-speaker/src/session/pool-machine.ts';

const SECRET = Buffer.alloc(32, 7);
const ring = new PoolKeyRing([{ id: 'k1', secret: SECRET }], 'hangzhou');
const key = ring.keys[0] ?? assert.fail('no key');
const A = '10.9.0.1';
const links = [{ name: 'eth0', mac: '02:00:00:00:00:01', ips: ['10.0.0.1'] }];
const offers: Fact = { kind: 'offers', items: [{ address: A, uids: ['u'], rv: 1n, proven: true }], seenRv: 1n };
const facts = { configHash: 'ab'.repeat(8), heartbeatMs: 100, deadMs: 350, tcpPort: 10373, udpPort: 10373, macs: [] };
const helloOf = (node: string, incarnation = '1') =>
  encodeFrame({ t: 'hello', v: 1, node, incarnation: incarnation.padStart(16, '0'), nonce: 'f'.repeat(32), ...facts });

function machine(): PoolMachine {
  return new PoolMachine({
    node: 'b',
    incarnation: 1n,
    ring,
    site: DEFAULT_SITE_CONFIG,
    port: 10373,
    startMs: 0,
    announcedBefore: [],
    randomBytes: (size) => Buffer.alloc(size, 5),
  });
}

/** Steps at a beat that keeps the machine from doubting itself. @returns what it announced and withdrew */
function live(m: PoolMachine, fromMs: number, untilMs: number): string[] {
  const told: string[] = [];
  for (let atMs = fromMs; atMs <= untilMs; atMs += 50) told.push(...words(m.step({ kind: 'tick' }, atMs)));
  return told;
}

function words(effects: Effect[]): string[] {
  return effects.flatMap((e) => (e.kind === 'announce' || e.kind === 'withdraw' ? `${e.kind} ${e.address}` : []));
}

function begin(facts: Fact[]): PoolMachine {
  const m = machine();
  for (const fact of [...facts, offers]) m.step(fact, 0);
  return m;
}

const bound: Fact = { kind: 'bound', ports: { udp: 10373, tcp: 10373, deaf: false } };
const others: Fact = { kind: 'members', members: [{ node: 'a', addresses: ['10.0.0.9'] }] };

function heard(node: string, address: string): Fact {
  const hello = { node, incarnation: 3n, configHash: Buffer.alloc(8), deadMs: 350, tcpPort: 10373, udpPort: 10373 };
  return { kind: 'datagram', bytes: encodeHello(hello, key), from: { address, port: 10373 } };
}

/** Announces A alone, then member `a` comes into session, claims A too, and heartbeats some time later. */
function joined() {
  const m = begin([bound, { kind: 'links', links }]);
  live(m, 50, 500);
  const channel = m.newChannel();
  m.step({ kind: 'accepted', channel, remote: { address: '10.0.0.9', port: 4 }, identity: key.identity }, 510);
  const keys = deriveHeartbeatKeys(key, Buffer.alloc(16, 0xff), Buffer.alloc(16, 5), true);
  let sequence = 0n;
  const beat = (): Fact => {
    const bytes = encodeHeartbeat(
      { sequence: ++sequence, echo: 0n, answerNow: false, toGroup: false, seeking: false, keptFrom: 0 },
      keys,
    );
    return { kind: 'datagram', bytes, from: { address: '10.0.0.9', port: 10373 } };
  };
  const told: string[] = [];
  const step = (fact: Fact, atMs: number) => {
    const before = m.members()[0]?.state;
    const said = words(m.step(fact, atMs));
    if (before !== 'alive' && m.members()[0]?.state === 'alive') told.push('alive');
    told.push(...said);
  };
  const offer = { address: A, uids: ['u'], rv: '1', proven: true };
  for (const message of [
    helloOf('a'),
    encodeFrame({ t: 'offers', version: 1, seen: '1', items: [offer] }),
    encodeFrame({ t: 'claims', version: 1, items: [A] }),
  ]) {
    step({ kind: 'channel-data', channel, bytes: message }, 520);
  }
  step(beat(), 600);
  return { m, beat, channel, told };
}

describe('PoolMachine', () => {
  it('alone, it announces after 350 ms of silence, not before', () => {
    const m = begin([bound, { kind: 'links', links }]);
    assert.deepEqual(live(m, 50, 300), []);
    assert.deepEqual(live(m, 350, 400), [`announce ${A}`]);
  });

  it('announces nothing without a link', () => assert.deepEqual(live(begin([bound]), 50, 3000), []));

  it('who cannot hear hellos does not take silence for absence', () => {
    const deaf: Fact = { kind: 'bound', ports: { udp: 4000, tcp: 10373, deaf: true } };
    assert.deepEqual(live(begin([deaf, others, { kind: 'links', links }]), 50, 5000), []);
    assert.deepEqual(live(begin([deaf, { kind: 'links', links }]), 50, 5000), [`announce ${A}`]);
  });

  it('a refused dial says that a named member is not there: no need to wait', () => {
    const m = machine();
    for (const fact of [bound, { kind: 'links', links } as const, offers]) m.step(fact, 0);
    const named: Fact = { kind: 'members', members: [{ node: 'c', addresses: ['10.0.0.9'] }] }; // the lower name dials
    const dial = m.step(named, 1).find((e) => e.kind === 'dial') ?? assert.fail('no dial');
    assert.deepEqual(words(m.step({ kind: 'channel-down', channel: dial.channel, how: 'refused' }, 3)), [
      `announce ${A}`,
    ]);
  });

  it('a hello, replayed or not, makes nobody alive and costs one dial in 100 ms', () => {
    const m = begin([bound, { kind: 'links', links }]);
    live(m, 50, 500);
    const hello = {
      node: 'c',
      incarnation: 3n,
      configHash: Buffer.alloc(8),
      deadMs: 350,
      tcpPort: 10373,
      udpPort: 10373,
    };
    const fact: Fact = {
      kind: 'datagram',
      bytes: encodeHello(hello, key),
      from: { address: '10.0.0.66', port: 10373 },
    };
    let dials = 0;
    for (let i = 0; i < 50; i++) dials += m.step(fact, 510 + i).filter(({ kind }) => kind === 'dial').length;
    assert.equal(dials, 1);
    assert.deepEqual(
      m.members().map(({ state }) => state),
      ['unknown'],
    );
    assert.equal(m.holds, 1);
  });

  it('a member counts only when its heartbeats come through', () => {
    const m = begin([bound, { kind: 'links', links }]);
    live(m, 50, 500);
    const channel = m.newChannel();
    m.step({ kind: 'accepted', channel, remote: { address: '10.0.0.9', port: 4 }, identity: key.identity }, 510);
    for (const message of [
      helloOf('a'),
      encodeFrame({ t: 'offers', version: 1, seen: '1', items: [{ address: A, uids: ['u'], rv: '1', proven: true }] }),
      encodeFrame({ t: 'claims', version: 1, items: [A] }),
    ]) {
      m.step({ kind: 'channel-data', channel, bytes: message }, 511);
    }
    assert.deepEqual(
      m.members().map(({ state }) => state),
      ['joining'],
    );
    live(m, 550, 950);
    assert.deepEqual(
      m.members().map(({ state }) => state),
      ['dead'],
    );
  });

  it('one place that refuses is not the absence of a member with two', () => {
    const m = machine();
    const two: Fact = { kind: 'members', members: [{ node: 'c', addresses: ['10.0.0.9', '10.0.0.10'] }] };
    for (const fact of [bound, { kind: 'links', links }, offers] as Fact[]) m.step(fact, 0);
    const refuse = (effects: Effect[], atMs: number) => {
      const dial = effects.find((e) => e.kind === 'dial') ?? assert.fail('no dial');
      return m.step({ kind: 'channel-down', channel: dial.channel, how: 'refused' }, atMs);
    };
    const second = refuse(m.step(two, 1), 2);
    assert.deepEqual(words(second), []);
    assert.deepEqual(words(refuse(second, 3)), [`announce ${A}`], 'both refuse: nobody is there');
  });

  it('members are dialed at IPv4 addresses alone', () => {
    const m = begin([bound, { kind: 'links', links }]);
    const dual: Fact = { kind: 'members', members: [{ node: 'c', addresses: ['fd00::9', '10.0.0.9'] }] };
    const dials = m.step(dual, 1).flatMap((e) => (e.kind === 'dial' ? e.to.address : []));
    assert.deepEqual(dials, ['10.0.0.9']);
  });

  it('a replayed hello from a host that takes calls and says nothing does not keep it from the real member', () => {
    const m = begin([
      bound,
      { kind: 'links', links },
      { kind: 'members', members: [{ node: 'c', addresses: ['10.0.0.9'] }] },
    ]);
    const dialed = new Set<string>();
    for (let atMs = 10; atMs < 1000; atMs += 10) {
      for (const e of m.step(heard('c', '10.0.0.66'), atMs)) if (e.kind === 'dial') dialed.add(e.to.address);
    }
    assert.deepEqual([...dialed].sort(), ['10.0.0.66', '10.0.0.9']);
  });

  it('a member that heartbeats and cannot be called any more is given up', () => {
    const { m, beat, channel } = joined();
    const end = m.step({ kind: 'channel-down', channel, how: 'ended' }, 700);
    assert.ok(end.some(({ kind }) => kind === 'dial'));
    const states = new Map<number, string | undefined>();
    for (let atMs = 750; atMs <= 6_000; atMs += 50) {
      m.step(beat(), atMs);
      states.set(atMs, m.members()[0]?.state);
    }
    assert.deepEqual([states.get(5_650), states.get(5_750)], ['suspect', 'dead']);
  });

  it('a member whose heartbeats are to come quicker is not dead for what went before', () => {
    const { m, beat, channel } = joined();
    const site = { ...DEFAULT_SITE_CONFIG, heartbeatMs: 30 };
    m.step({ kind: 'site', site }, 620);
    for (const atMs of [640, 660, 680, 700]) m.step({ kind: 'tick' }, atMs);
    const about = { ...facts, t: 'about', heartbeatMs: 30, deadMs: 105, configHash: hashSite(site) };
    m.step({ kind: 'channel-data', channel, bytes: encodeFrame(about) }, 710); // last heard at 600
    assert.equal(m.members()[0]?.state, 'alive');
    m.step(beat(), 711);
    for (let atMs = 730; atMs <= 850; atMs += 20) m.step({ kind: 'tick' }, atMs);
    assert.equal(m.members()[0]?.state, 'dead');
  });

  it('a member is not dead whose heartbeat waited in the socket of one that was busy', () => {
    const { m, beat } = joined();
    const facts = { kind: 'members', members: [] } as const;
    const busyMs = 949; // heard last at 600
    const late = beat();
    m.step(facts, busyMs - 100); // its own heartbeats go out all the while
    m.step(facts, busyMs);
    m.step(facts, busyMs + 20);
    m.step({ kind: 'tick' }, busyMs + 30);
    assert.equal(m.members()[0]?.state, 'alive', 'its socket was not read since');
    m.step(late, busyMs + 31);
    m.step({ kind: 'tick' }, busyMs + 32);
    assert.equal(m.members()[0]?.state, 'alive');
    for (const ms of [100, 200, 300, 349, 351, 353]) m.step({ kind: 'tick' }, busyMs + 31 + ms);
    assert.equal(m.members()[0]?.state, 'dead');
  });

  it('an announcer that is met is answered once, when its word counts', () => {
    const { told } = joined();
    const winner = new Seeds().beats('b', 'a', A);
    assert.deepEqual(told, winner ? ['alive', `announce ${A}`] : ['alive', `withdraw ${A}`]);
  });

  it('the connection of the lower name becomes a session: the own dial under way is given up', () => {
    const m = machine();
    m.step({ kind: 'bound', ports: { udp: 4, tcp: 4, deaf: true } }, 0); // dials everybody
    m.step({ kind: 'links', links }, 0);
    const dial = m.step(others, 1).find((e) => e.kind === 'dial') ?? assert.fail('no dial');
    const channel = m.newChannel();
    m.step({ kind: 'accepted', channel, remote: { address: '10.0.0.9', port: 4 }, identity: key.identity }, 2);
    const effects = m.step({ kind: 'channel-data', channel, bytes: helloOf('a') }, 3);
    assert.deepEqual(
      effects.flatMap((e) => (e.kind === 'destroy' ? e.channel : [])),
      [dial.channel],
    );
    live(m, 50, 500);
    assert.equal(m.members()[0]?.state, 'dead');
    const again = m.step({ kind: 'tick' }, 1100);
    assert.ok(again.some((e) => e.kind === 'dial'));
  });

  it('its own name from elsewhere is dropped and counted', () => {
    const m = begin([bound]);
    const channel = m.newChannel();
    m.step({ kind: 'accepted', channel, remote: { address: '10.0.0.9', port: 4 }, identity: key.identity }, 1);
    const effects = m.step({ kind: 'channel-data', channel, bytes: helloOf('b') }, 2);
    assert.ok(effects.some((e) => e.kind === 'count' && e.reason === 'session-own-name'));
    assert.ok(effects.some((e) => e.kind === 'destroy' && e.channel === channel));
  });

  it('any sequence of facts: never throws, never asks for a time that has passed for ever', () => {
    const channel = fc.nat(8);
    const ends = fc.constantFrom<ChannelEnd>('ended', 'refused', 'handshake', 'unreachable', 'timeout');
    const junk = fc.uint8Array({ maxLength: 80 }).map((b) => Buffer.from(b));
    const message = fc.oneof(
      fc.constantFrom('a', 'b', 'c').chain((node) => fc.constantFrom('1', '2').map((i) => helloOf(node, i))),
      fc.constantFrom(
        encodeFrame({
          t: 'offers',
          version: 1,
          seen: '1',
          items: [{ address: A, uids: ['u'], rv: '1', proven: false }],
        }),
        encodeFrame({
          t: 'offers-delta',
          from: 1,
          to: 2,
          seen: '2',
          set: [{ address: A, gone: true, rv: '3' }],
          gone: [],
        }),
        encodeFrame({ t: 'claims', version: 1, items: [A] }),
        encodeFrame({ t: 'claims-delta', from: 1, to: 2, set: [], gone: [A] }),
        encodeFrame({ t: 'ask-full', what: 'offers' }),
        encodeFrame({ t: 'farewell', reason: 'x' }),
        encodeFrame({ t: 'about', ...facts, deadMs: 3500 }),
      ),
      junk,
    );
    const from = { address: '10.0.0.9', port: 10373 };
    const hello = (node: string) =>
      encodeHello({ node, incarnation: 2n, configHash: Buffer.alloc(8), deadMs: 1, tcpPort: 1, udpPort: 1 }, key);
    const fact: fc.Arbitrary<Fact> = fc.oneof(
      fc.constantFrom<Fact>(
        { kind: 'tick' },
        bound,
        others,
        offers,
        { kind: 'members', members: [] },
        { kind: 'links', links },
        { kind: 'links', links: [] },
        { kind: 'failed', address: A },
        { kind: 'leave', reason: 'x' },
        { kind: 'keys', ring },
        { kind: 'keys', ring: new PoolKeyRing([], 'hangzhou') },
        { kind: 'site', site: { ...DEFAULT_SITE_CONFIG, heartbeatMs: 50 } },
        ...['a', 'b', 'c'].map((node): Fact => ({ kind: 'datagram', bytes: hello(node), from })),
      ),
      junk.map((bytes): Fact => ({ kind: 'datagram', bytes, from })),
      channel.map((c): Fact => ({ kind: 'accepted', channel: c, remote: from, identity: key.identity })),
      channel.map((c): Fact => ({ kind: 'channel-up', channel: c })),
      fc.tuple(channel, message).map(([c, bytes]): Fact => ({ kind: 'channel-data', channel: c, bytes })),
      fc.tuple(channel, ends).map(([c, how]): Fact => ({ kind: 'channel-down', channel: c, how })),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fact, fc.nat(400)), { maxLength: 60 }), (steps) => {
        const m = machine();
        let nowMs = 0;
        const answers = new Set<string>();
        const note = (effects: Effect[]) => {
          for (const e of effects) {
            if (e.kind === 'announce') answers.add(e.address);
            if (e.kind === 'withdraw') assert.ok(answers.delete(e.address), 'withdrew what it did not hold');
          }
        };
        for (const [fact, ms] of steps) {
          nowMs += ms;
          note(m.step(fact, nowMs));
        }
        assert.equal(answers.size, m.holds);
        nowMs += 1;
        note(m.step({ kind: 'tick' }, nowMs));
        for (let i = 0; i < 3; i++) note(m.step({ kind: 'tick' }, Math.max(nowMs, m.dueMs())));
        assert.ok(m.dueMs() > nowMs);
      }),
      { numRuns: 300 },
    );
  });
});
