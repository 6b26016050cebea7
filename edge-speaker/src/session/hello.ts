import { createHmac, timingSafeEqual } from 'node:crypto';
import type { PoolKey, PoolKeyRing } from './pool-keys.ts';

/**
 * The hello datagram: "I am here, talk to me". It may be replayed by anybody, so it only ever causes a dial.
 *
 * ```
 *  0  "YLB"  3  type 1   4  version 1   5..7  zero
 *  8  key tag, 8 bytes                 16  incarnation, 8
 * 24  configuration hash, 8            32  dead time ms, u32
 * 36  TCP port, u16                    38  UDP port, u16
 * 40  length of name, u8               41  node name, UTF-8
 *  …  HMAC-SHA-256 over all before it, first 16 bytes
 * ```
 * Numbers are big endian.
 */
export interface Hello {
  readonly node: string;
  readonly incarnation: bigint;
  /** 8 bytes */
  readonly configHash: Buffer;
  readonly deadMs: number;
  /** 0: does not listen */
  readonly tcpPort: number;
  readonly udpPort: number;
}

export type HelloRefusal = 'hello-malformed' | 'hello-version' | 'hello-foreign-pool' | 'hello-forged';

export const DATAGRAM_MAGIC = Buffer.from('YLB', 'latin1');
export const TYPE_HELLO = 1;
export const PROTOCOL_VERSION = 1;
export const MAC_LENGTH = 16;
const HEAD = 41;

/** @throws RangeError where the name is empty or over 253 bytes */
export function encodeHello(hello: Hello, key: PoolKey): Buffer {
  const name = Buffer.from(hello.node, 'utf8');
  if (name.length < 1 || name.length > 253) throw new RangeError(`node name of ${name.length} bytes`);
  const b = Buffer.alloc(HEAD + name.length + MAC_LENGTH);
  DATAGRAM_MAGIC.copy(b);
  b[3] = TYPE_HELLO;
  b[4] = PROTOCOL_VERSION;
  key.tag.copy(b, 8);
  b.writeBigUInt64BE(hello.incarnation, 16);
  hello.configHash.copy(b, 24, 0, 8);
  b.writeUInt32BE(hello.deadMs, 32);
  b.writeUInt16BE(hello.tcpPort, 36);
  b.writeUInt16BE(hello.udpPort, 38);
  b[40] = name.length;
  name.copy(b, HEAD);
  macOf(b, key).copy(b, HEAD + name.length);
  return b;
}

/** Never throws. The caller has seen magic and type. */
export function decodeHello(b: Buffer, ring: PoolKeyRing): Hello | HelloRefusal {
  if (b.length < HEAD + 1 + MAC_LENGTH) return 'hello-malformed';
  if (b[4] !== PROTOCOL_VERSION) return 'hello-version';
  const nameLength = b[40] ?? 0;
  if (nameLength < 1 || nameLength > 253 || b.length !== HEAD + nameLength + MAC_LENGTH) return 'hello-malformed';
  const key = ring.ofTag(b.subarray(8, 16));
  if (key === undefined) return 'hello-foreign-pool';
  if (!timingSafeEqual(macOf(b, key), b.subarray(b.length - MAC_LENGTH))) return 'hello-forged';
  return {
    node: b.toString('utf8', HEAD, HEAD + nameLength),
    incarnation: b.readBigUInt64BE(16),
    configHash: Buffer.from(b.subarray(24, 32)),
    deadMs: b.readUInt32BE(32),
    tcpPort: b.readUInt16BE(36),
    udpPort: b.readUInt16BE(38),
  };
}

function macOf(b: Buffer, key: PoolKey): Buffer {
  return createHmac('sha256', key.helloKey)
    .update(b.subarray(0, b.length - MAC_LENGTH))
    .digest()
    .subarray(0, MAC_LENGTH);
}
