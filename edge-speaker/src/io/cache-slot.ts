import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * One slot of the autonomy cache on disk. All integers are big endian.
 *
 * | bytes | what |
 * |---|---|
 * | 0-3 | `YLBC` |
 * | 4-5 | format version |
 * | 6-7 | 0 |
 * | 8-15 | generation: the higher of two whole slots is the newer |
 * | 16-19 | bytes of text |
 * | 20-51 | SHA-256 over bytes 0-19 and the text |
 * | 52- | text, UTF-8 |
 */
export const SLOT_FORMAT = 1;
const MAGIC = 'YLBC';
const HASHED_BYTES = 20;
const HEADER_BYTES = 52;

/** A slot as it was found. `newer`: written by a later version of the speaker; its text may mean something else. */
export type Slot =
  | { readonly kind: 'whole'; readonly generation: bigint; readonly text: string }
  | { readonly kind: 'damaged'; readonly why: string }
  | { readonly kind: 'newer'; readonly format: number };

export function encodeSlot(generation: bigint, text: string): Buffer {
  const body = Buffer.from(text, 'utf8');
  const slot = Buffer.alloc(HEADER_BYTES + body.length);
  slot.write(MAGIC, 0, 'latin1');
  slot.writeUInt16BE(SLOT_FORMAT, 4);
  slot.writeBigUInt64BE(generation, 8);
  slot.writeUInt32BE(body.length, 16);
  body.copy(slot, HEADER_BYTES);
  digest(slot).copy(slot, HASHED_BYTES);
  return slot;
}

/** Never throws: whatever a power cut, a bad card or another program left there is one of three things. */
export function decodeSlot(slot: Buffer): Slot {
  if (slot.length < 6 || slot.toString('latin1', 0, 4) !== MAGIC) return damaged(slot, 'it does not begin with YLBC');
  const format = slot.readUInt16BE(4);
  if (format > SLOT_FORMAT) return { kind: 'newer', format };
  if (format !== SLOT_FORMAT) return damaged(slot, `format ${format} was never written`);
  if (slot.length < HEADER_BYTES) return damaged(slot, 'its header is cut off');
  const bytes = slot.readUInt32BE(16);
  if (slot.length !== HEADER_BYTES + bytes) return damaged(slot, `${HEADER_BYTES + bytes} bytes were written`);
  if (!timingSafeEqual(digest(slot), slot.subarray(HASHED_BYTES, HEADER_BYTES)))
    return damaged(slot, 'its checksum is wrong');
  return { kind: 'whole', generation: slot.readBigUInt64BE(8), text: slot.toString('utf8', HEADER_BYTES) };
}

function digest(slot: Buffer): Buffer {
  return createHash('sha256').update(slot.subarray(0, HASHED_BYTES)).update(slot.subarray(HEADER_BYTES)).digest();
}

function damaged(slot: Buffer, why: string): Slot {
  return { kind: 'damaged', why: slot.length === 0 ? 'it is empty' : `${why} (${slot.length} bytes found)` };
}
