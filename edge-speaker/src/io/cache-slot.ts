import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * One slot of the autonomy cache on disk. All integers are big endian. The first 52 bytes mean the same in every format,
 * so that a speaker can tell a slot of a later version from a damaged one and count on from its generation.
 *
 * | bytes | what |
 * |---|---|
 * | 0-3 | `YLBC` |
 * | 4-5 | format of the text |
 * | 6-7 | 0 |
 * | 8-15 | generation: the higher of two whole slots is the newer |
 * | 16-19 | bytes of text |
 * | 20-51 | SHA-256 over bytes 0-19 and the text |
 * | 52- | text, UTF-8 |
 */
const MAGIC = 'YLBC';
const HASHED_BYTES = 20;
const HEADER_BYTES = 52;

/** A slot as it was found. */
export type Slot =
  | { readonly kind: 'whole'; readonly format: number; readonly generation: bigint; readonly text: string }
  | { readonly kind: 'damaged'; readonly why: string };

export function encodeSlot(format: number, generation: bigint, text: string): Buffer {
  const body = Buffer.from(text, 'utf8');
  const slot = Buffer.alloc(HEADER_BYTES + body.length);
  slot.write(MAGIC, 0, 'latin1');
  slot.writeUInt16BE(format, 4);
  slot.writeBigUInt64BE(generation, 8);
  slot.writeUInt32BE(body.length, 16);
  body.copy(slot, HEADER_BYTES);
  digest(slot).copy(slot, HASHED_BYTES);
  return slot;
}

/** Never throws: whatever a power cut, a bad card or another program left there is one of two things. */
export function decodeSlot(slot: Buffer): Slot {
  if (slot.length < HEADER_BYTES || slot.toString('latin1', 0, 4) !== MAGIC)
    return damaged(slot, slot.length < HEADER_BYTES ? 'its header is cut off' : 'it does not begin with YLBC');
  const bytes = slot.readUInt32BE(16);
  if (slot.length !== HEADER_BYTES + bytes) return damaged(slot, `${HEADER_BYTES + bytes} bytes were written`);
  if (!timingSafeEqual(digest(slot), slot.subarray(HASHED_BYTES, HEADER_BYTES)))
    return damaged(slot, 'its checksum is wrong');
  const format = slot.readUInt16BE(4);
  return { kind: 'whole', format, generation: slot.readBigUInt64BE(8), text: slot.toString('utf8', HEADER_BYTES) };
}

function digest(slot: Buffer): Buffer {
  return createHash('sha256').update(slot.subarray(0, HASHED_BYTES)).update(slot.subarray(HEADER_BYTES)).digest();
}

function damaged(slot: Buffer, why: string): Slot {
  return { kind: 'damaged', why: slot.length === 0 ? 'it is empty' : `${why} (${slot.length} bytes found)` };
}
