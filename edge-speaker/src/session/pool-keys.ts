import { hkdfSync } from 'node:crypto';

/** What one key of the Secret becomes for one NodePool. */
export interface PoolKey {
  readonly id: string;
  /** Names pool and key without telling either: receivers find the key by it. 8 bytes. */
  readonly tag: Buffer;
  readonly helloKey: Buffer;
  readonly psk: Buffer;
  readonly heartbeatBase: Buffer;
  /** Shown in the TLS handshake. */
  readonly identity: string;
}

const SALT = 'yurtlb/1';

/**
 * @param secret 32 bytes
 * @see docs/pool-session.md, "Keys"; RFC 5869
 */
export function derivePoolKey(id: string, secret: Buffer, nodePool: string): PoolKey {
  const poolKey = hkdf(secret, SALT, `pool:${nodePool}`, 32);
  const tag = hkdf(poolKey, SALT, `tag:${id}`, 8);
  return {
    id,
    tag,
    helloKey: hkdf(poolKey, SALT, 'hello', 32),
    psk: hkdf(poolKey, SALT, 'tls-psk', 32),
    heartbeatBase: hkdf(poolKey, SALT, 'heartbeat', 32),
    identity: `${SALT} ${id} ${tag.toString('hex')}`,
  };
}

/** Natural order: `key-9` before `key-10`, `2026-09` before `2026-10`. */
export function compareKeyIds(a: string, b: string): number {
  const left = a.match(/\d+|\D+/g) ?? [];
  const right = b.match(/\d+|\D+/g) ?? [];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [x = '', y = ''] = [left[i], right[i]];
    if (x === y) continue;
    const numbers = /^\d/.test(x) && /^\d/.test(y);
    if (numbers && BigInt(x) !== BigInt(y)) return BigInt(x) < BigInt(y) ? -1 : 1;
    if (!numbers) return x < y ? -1 : 1;
  }
  return left.length - right.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** The keys of one pool: the newest dials, each is accepted. */
export class PoolKeyRing {
  /** Newest first. */
  readonly keys: readonly PoolKey[];
  private readonly byIdentity = new Map<string, PoolKey>();
  private readonly byTag = new Map<string, PoolKey>();

  constructor(raw: Iterable<{ readonly id: string; readonly secret: Buffer }>, nodePool: string) {
    const sorted = [...raw].sort((a, b) => compareKeyIds(b.id, a.id));
    this.keys = sorted.map(({ id, secret }) => derivePoolKey(id, secret, nodePool));
    for (const key of this.keys) {
      this.byIdentity.set(key.identity, key);
      this.byTag.set(key.tag.toString('latin1'), key);
    }
  }

  ofIdentity(identity: string): PoolKey | undefined {
    return this.byIdentity.get(identity);
  }

  /** @param tag 8 bytes */
  ofTag(tag: Buffer): PoolKey | undefined {
    return this.byTag.get(tag.toString('latin1'));
  }
}

export function hkdf(key: Buffer, salt: string | Buffer, info: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, info, bytes));
}
