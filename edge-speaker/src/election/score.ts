import { createHash } from 'node:crypto';

/** 64 bits that stand for a name: the first 8 bytes of its SHA-256, as two unsigned words. */
export interface Seed {
  readonly high: number;
  readonly low: number;
}

export function seedOf(text: string): Seed {
  const digest = createHash('sha256').update(text, 'utf8').digest();
  return { high: digest.readUInt32BE(0), low: digest.readUInt32BE(4) };
}

/**
 * Rendezvous weight of a node for an address, 53 bits: the node with the highest announces. Every member computes the
 * same, and a node that goes or comes moves only its own addresses. Only names enter, so a restart moves nothing.
 * Two seeds and three mixes instead of a hash of both names: a death re-elects thousands of addresses within one turn.
 *
 * @see docs/pool-session.md, "Election"
 */
export function score(node: Seed, address: Seed): number {
  const high = mix(node.high ^ mix(address.high));
  const low = mix(node.low ^ mix(address.low ^ high));
  return high * 0x200000 + (low >>> 11);
}

/** MurmurHash3's 32-bit finalizer: a bijection in which each input bit turns half of the output bits. */
function mix(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
