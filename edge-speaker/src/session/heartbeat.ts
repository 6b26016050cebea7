import { createHmac, timingSafeEqual } from 'node:crypto';
import { DATAGRAM_MAGIC, MAC_LENGTH, PROTOCOL_VERSION } from './hello.ts';
import { hkdf, type PoolKey } from './pool-keys.ts';

/**
 * The heartbeat datagram, 48 bytes, big endian. Its key comes from the nonces of one TLS session, its sequence only
 * grows: nothing recorded can be replayed.
 *
 * ```
 *  0  "YLB"  3  type 2   4  version 1   5  flags (1: answer at once)   6..7  zero
 *  8  session id, 8      16  sequence, u64      24  echo: the highest sequence heard from the other side, u64
 * 32  HMAC-SHA-256 over bytes 0 to 31, first 16 bytes
 * ```
 */
export interface Heartbeat {
  readonly sequence: bigint;
  readonly echo: bigint;
  readonly answerNow: boolean;
}

/** One session's heartbeat secrets. The two directions have keys of their own: nothing can be sent back as an answer. */
export interface HeartbeatKeys {
  readonly sessionId: bigint;
  readonly send: Buffer;
  readonly receive: Buffer;
}

export const TYPE_HEARTBEAT = 2;
const LENGTH = 48;
const MAC_AT = LENGTH - MAC_LENGTH;
const ANSWER_NOW = 1;

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
  b.writeUInt32BE((PROTOCOL_VERSION << 24) | ((beat.answerNow ? ANSWER_NOW : 0) << 16), 4);
  b[3] = TYPE_HEARTBEAT;
  b.writeBigUInt64BE(keys.sessionId, 8);
  b.writeBigUInt64BE(beat.sequence, 16);
  b.writeBigUInt64BE(beat.echo, 24);
  createHmac('sha256', keys.send).update(b.subarray(0, MAC_AT)).digest().copy(b, MAC_AT, 0, MAC_LENGTH);
  return b;
}

/** @returns undefined where `b` has not the shape of a heartbeat of this version */
export function heartbeatSession(b: Buffer): bigint | undefined {
  return b.length === LENGTH && b[4] === PROTOCOL_VERSION ? b.readBigUInt64BE(8) : undefined;
}

/** @returns undefined where it is forged. The caller has found the session by {@link heartbeatSession}. */
export function decodeHeartbeat(b: Buffer, keys: HeartbeatKeys): Heartbeat | undefined {
  const mac = createHmac('sha256', keys.receive).update(b.subarray(0, MAC_AT)).digest();
  if (!timingSafeEqual(mac.subarray(0, MAC_LENGTH), b.subarray(MAC_AT))) return undefined;
  return {
    sequence: b.readBigUInt64BE(16),
    echo: b.readBigUInt64BE(24),
    answerNow: ((b[5] ?? 0) & ANSWER_NOW) !== 0,
  };
}
