/** Largest body of one frame. */
export const MAX_FRAME = 1024 * 1024;

/** Frames a message: 4 bytes of length, big endian, then UTF-8 JSON. */
export function encodeFrame(message: unknown): Buffer {
  const text = JSON.stringify(message);
  const length = Buffer.byteLength(text);
  const b = Buffer.allocUnsafe(4 + length);
  b.writeUInt32BE(length);
  b.write(text, 4, 'utf8');
  return b;
}

/** Cuts a byte stream into frames. Holds at most one unfinished frame. */
export class FrameReader {
  private parts: Buffer[] = [];
  private held = 0;

  /**
   * @returns the bodies that are now whole, or undefined where a length is over {@link MAX_FRAME}: the stream is lost.
   *   Bodies are copies or views of `chunk`: read them before the next call.
   */
  push(chunk: Buffer): Buffer[] | undefined {
    this.parts.push(chunk);
    this.held += chunk.length;
    const bodies: Buffer[] = [];
    let length = this.nextLength();
    while (length !== undefined && this.held >= 4 + length) {
      if (length > MAX_FRAME) return undefined;
      const all = this.joined();
      bodies.push(all.subarray(4, 4 + length));
      this.parts = [all.subarray(4 + length)];
      this.held = all.length - 4 - length;
      length = this.nextLength();
    }
    if (length !== undefined && length > MAX_FRAME) return undefined;
    return bodies;
  }

  private nextLength(): number | undefined {
    if (this.held < 4) return undefined;
    const first = this.parts[0];
    return (first !== undefined && first.length >= 4 ? first : this.joined()).readUInt32BE(0);
  }

  private joined(): Buffer {
    if (this.parts.length === 1 && this.parts[0] !== undefined) return this.parts[0];
    const all = Buffer.concat(this.parts);
    this.parts = [all];
    return all;
  }
}
