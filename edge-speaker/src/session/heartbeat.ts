import { createHmac, timingSafeEqual } from 'node:crypto';
import { DATAGRAM_MAGIC, MAC_LENGTH, PROTOCOL_VERSION } from './hello.ts';
import { hkdf, type PoolKey } from './pool-keys.ts';

/**
 * The heartbeat datagram, 52 bytes, big endian. Its key comes from the nonces of one TLS session, its sequence only
 * grows: nothing recorded can be replayed.
 *
 * ```
 *  0  "YLB"  3  type 2   4  version 1   5  flags (1: answer at once, 2: to the group, 4: you are not heard)   6..7  zero
 *  8  session id, 8      16  sequence, u64      24  echo: the highest sequence heard from the other side, u64
 * 32  version of the sender's claims, as told in this session, since which it has taken none back; u32, all ones: no such
 * 36  HMAC-SHA-256 over bytes 0 to 35, first 16 bytes
 * ```
 */
export interface Heartbeat {
  readonly sequence: bigint;
  readonly echo: bigint;
  readonly answerNow: boolean;
  /** Sent to the group: others hear it too, and cannot know whose session it is. */
  readonly toGroup: boolean;
  /** The sender takes the other for dead: no sign of life for it, or a way that is open in one direction kept half a pool. */
  readonly seeking: boolean;
  /** u32 */
  readonly keptFrom: number;
}

/** One session's heartbeat secrets. The two directions have keys of their own: nothing can be sent back as an answer. */
export interface HeartbeatKeys {
  readonly sessionId: bigint;
  readonly send: Buffer;
  readonly receive: Buffer;
}

export const TYPE_HEARTBEAT = 2;
/** No claim told in this session may be counted on. */
export const TAKEN_BACK = 0xffffffff;
const LENGTH = 52;
const MAC_AT = LENGTH - MAC_LENGTH;
const ANSWER_NOW = 1;
const TO_GROUP = 2;
const SEEKING = 4;

/**
 * @param dialerNonce 16 bytes of the side that dialed
 * @param acceptorNonce 16 bytes of the other
 */
export function deriveHeartbeatKeys(
  key: PoolKey,
  dialerNonce: Buffer,
  acceptorNonce: Buffer,
  dialed: boolean,
): HeartbeatKeys {
  const nonces = Buffer.concat([dialerNonce, acceptorNonce]);
  const fromDialer = hkdf(key.heartbeatBase, nonces, 'dialer', 32);
  const fromAcceptor = hkdf(key.heartbeatBase, nonces, 'acceptor', 32);
  return {
    sessionId: hkdf(key.heartbeatBase, nonces, 'session-id', 8).readBigUInt64BE(),
    send: dialed ? fromDialer : fromAcceptor,
    receive: dialed ? fromAcceptor : fromDialer,
  };
}

export function encodeHeartbeat(beat: Heartbeat, keys: HeartbeatKeys): Buffer {
  const b = Buffer.allocUnsafe(LENGTH);
  DATAGRAM_MAGIC.copy(b);
  const flags = (beat.answerNow ? ANSWER_NOW : 0) | (beat.toGroup ? TO_GROUP : 0) | (beat.seeking ? SEEKING : 0);
  b.writeUInt32BE((PROTOCOL_VERSION << 24) | (flags << 16), 4);
  b[3] = TYPE_HEARTBEAT;
  b.writeBigUInt64BE(keys.sessionId, 8);
  b.writeBigUInt64BE(beat.sequence, 16);
  b.writeBigUInt64BE(beat.echo, 24);
  b.writeUInt32BE(beat.keptFrom, 32);
  createHmac('sha256', keys.send).update(b.subarray(0, MAC_AT)).digest().copy(b, MAC_AT, 0, MAC_LENGTH);
  return b;
}

/** @returns undefined where `b` has not the shape of a heartbeat of this version */
export function heartbeatSession(b: Buffer): bigint | undefined {
  return b.length === LENGTH && b[4] === PROTOCOL_VERSION ? b.readBigUInt64BE(8) : undefined;
}

/** Whether it says of itself that others than its receiver hear it. Not authenticated before {@link decodeHeartbeat}. */
export function isToGroup(b: Buffer): boolean {
  return ((b[5] ?? 0) & TO_GROUP) !== 0;
}

/** @returns undefined where it is forged. The caller has found the session by {@link heartbeatSession}. */
export function decodeHeartbeat(b: Buffer, keys: HeartbeatKeys): Heartbeat | undefined {
  const mac = createHmac('sha256', keys.receive).update(b.subarray(0, MAC_AT)).digest();
  if (!timingSafeEqual(mac.subarray(0, MAC_LENGTH), b.subarray(MAC_AT))) return undefined;
  return {
    sequence: b.readBigUInt64BE(16),
    echo: b.readBigUInt64BE(24),
    answerNow: ((b[5] ?? 0) & ANSWER_NOW) !== 0,
    toGroup: isToGroup(b),
    seeking: ((b[5] ?? 0) & SEEKING) !== 0,
    keptFrom: b.readUInt32BE(32),
  };
}
