import { strict as assert } from 'node:assert';
import { DEFAULT_SITE_CONFIG } from '@openyurt/nodepool-types';
import type { Effect, Fact } from '../../edge-speaker/src/session/facts.ts';
import { encodeFrame } from '../../edge-speaker/src/session/frames.ts';
import { deriveHeartbeatKeys, encodeHeartbeat } from '../../edge-speaker/src/session/heartbeat.ts';
import type { PoolKeyRing } from '../../edge-speaker/src/session/pool-keys.ts';
import { PoolMachine } from '../../edge-speaker/src/session/pool-machine.ts';

const at = { address: '10.0.0.9', port: 10373 };
const facts = { configHash: 'ab'.repeat(8), heartbeatMs: 100, deadMs: 350, tcpPort: 10373, udpPort: 10373, macs: [] };

/** Machine `a`, the lower name, which dialed `b` and is in session with it; `b` by hand. */
export class DialedPair {
  readonly m: PoolMachine;
  readonly counts: string[] = [];
  /** Channels that the machine ended. */
  readonly ended: number[] = [];
  dialed: { channel: number; key: string }[] = [];
  nowMs = 0;
  /** The channel of the session that stands at first. */
  readonly first: number;
  private readonly keys: ReturnType<typeof deriveHeartbeatKeys>;
  private sequence = 0n;

  constructor(ring: PoolKeyRing) {
    const [key] = ring.keys;
    assert.ok(key);
    this.keys = deriveHeartbeatKeys(key, Buffer.alloc(16, 5), Buffer.alloc(16, 0xff), false);
    const site = { ...DEFAULT_SITE_CONFIG, minReadySeconds: 0 };
    const randomBytes = (size: number) => Buffer.alloc(size, 5);
    const start = { site, port: 10373, startMs: 0, announcedBefore: [], randomBytes };
    this.m = new PoolMachine({ node: 'a', incarnation: 1n, ring, ...start });
    this.step({ kind: 'bound', ports: { udp: 10373, tcp: 10373, deaf: false } });
    this.step({ kind: 'members', members: [{ node: 'b', addresses: [at.address] }] });
    this.step({ kind: 'links', links: [{ name: 'eth0', mac: '02:00:00:00:00:01', ips: ['10.0.0.1'] }] });
    this.step({ kind: 'offers', items: [], seenRv: 1n });
    const [dial] = this.dialed;
    assert.ok(dial);
    this.first = dial.channel;
    this.greet(dial.channel);
    this.live(100);
    assert.equal(this.state, 'alive');
    this.dialed = [];
  }

  get state(): string | undefined {
    return this.m.members()[0]?.state;
  }

  greet(channel: number): void {
    this.step({ kind: 'channel-up', channel });
    const hello = { t: 'hello', v: 1, node: 'b', incarnation: '1'.padStart(16, '0'), nonce: 'f'.repeat(32), ...facts };
    const told = [hello, { t: 'offers', version: 1, seen: '1', items: [] }, { t: 'claims', version: 1, items: [] }];
    for (const message of told) this.step({ kind: 'channel-data', channel, bytes: encodeFrame(message) });
  }

  /** Time goes by; `b` sends its heartbeats under the first session's keys. */
  live(ms: number, speaks = true): void {
    for (const untilMs = this.nowMs + ms; this.nowMs < untilMs; ) {
      this.nowMs += 10;
      if (speaks && this.nowMs % 100 === 0) this.beat();
      this.step({ kind: 'tick' });
    }
  }

  beat(echo = 0n): void {
    this.sequence += 1n;
    const beat = { sequence: this.sequence, echo, answerNow: false, toGroup: false, seeking: false, keptFrom: 1 };
    this.step({ kind: 'datagram', bytes: encodeHeartbeat(beat, this.keys), from: at });
  }

  step(fact: Fact): void {
    for (const effect of [...this.m.step(fact, this.nowMs), ...this.m.tell()]) this.note(effect);
  }

  private note(effect: Effect): void {
    if (effect.kind === 'dial') this.dialed.push({ channel: effect.channel, key: effect.key.identity });
    if (effect.kind === 'end' || effect.kind === 'destroy') this.ended.push(effect.channel);
    if (effect.kind === 'count') this.counts.push(effect.reason);
  }
}
