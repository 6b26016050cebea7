import type { Channel } from './channel.ts';
import { deriveHeartbeatKeys, type HeartbeatKeys } from './heartbeat.ts';
import type { SessionHello } from './messages.ts';

/** What two hellos agreed on. It outlives its channel while heartbeats flow. */
export interface Session {
  /** undefined once the connection has ended. */
  channel: Channel | undefined;
  readonly keys: HeartbeatKeys;
  /** The identity of the pool key that both have shown. */
  readonly identity: string;
  readonly begunMs: number;
  /** The peer's facts; `about` replaces them. */
  facts: SessionHello;
  readonly remoteAddress: string;
  /** Highest sequence heard, and when. */
  heard: bigint;
  heardMs: number;
  /** The first heartbeat came through: UDP works too. */
  beaten: boolean;
  sent: bigint;
  /** Highest of our sequences the peer says it has heard. */
  echoed: bigint;
  /** After a pause of our own: the peer counts as heard when it echoes this. */
  echoNeeded: bigint;
  answeredMs: number;
  /** From this version of the claims on that the peer told in this session, it has taken none of them back. */
  keptFrom: number;
  /** The same of our own claims, as we told them. */
  ownKeptFrom: number;
}

/** @param beaten heartbeats of the same process came through before */
export function newSession(channel: Channel, hello: SessionHello, beaten: boolean, nowMs: number): Session {
  const theirs = Buffer.from(hello.nonce, 'hex');
  const dialed = channel.dialedNode !== undefined;
  const nonces: [Buffer, Buffer] = dialed ? [channel.nonce, theirs] : [theirs, channel.nonce];
  return {
    channel,
    keys: deriveHeartbeatKeys(channel.key, ...nonces, dialed),
    identity: channel.key.identity,
    begunMs: nowMs,
    facts: hello,
    remoteAddress: channel.remote.address,
    heard: 0n,
    heardMs: nowMs,
    beaten,
    sent: 0n,
    echoed: 0n,
    echoNeeded: 0n,
    answeredMs: -Infinity,
    keptFrom: 0,
    ownKeptFrom: 0,
  };
}
