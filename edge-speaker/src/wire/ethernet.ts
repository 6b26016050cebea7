import { MAC_BYTES } from './mac-address.ts';

export const ETHERNET_HEADER_BYTES = 14;
export const ETHERTYPE_ARP = 0x0806;
export const BROADCAST_MAC = Buffer.from('ffffffffffff', 'hex');

/** An Ethernet II header read in place: fields are views into the receive buffer, valid until the next read. */
export class EthernetView {
  private constructor(private readonly b: Buffer) {}

  /** @returns undefined unless `b` holds a whole header with an EtherType (IEEE 802.3 lengths are not for us) */
  static over(b: Buffer): EthernetView | undefined {
    return b.length >= ETHERNET_HEADER_BYTES && b.readUInt16BE(12) >= 0x0600 ? new EthernetView(b) : undefined;
  }

  get destination(): Buffer {
    return this.b.subarray(0, MAC_BYTES);
  }

  get source(): Buffer {
    return this.b.subarray(MAC_BYTES, 2 * MAC_BYTES);
  }

  get etherType(): number {
    return this.b.readUInt16BE(12);
  }

  get payload(): Buffer {
    return this.b.subarray(ETHERNET_HEADER_BYTES);
  }
}

/** Writes a header at the start of `frame`. */
export function writeEthernetHeader(frame: Buffer, destination: Buffer, source: Buffer, etherType: number): void {
  destination.copy(frame, 0, 0, MAC_BYTES);
  source.copy(frame, MAC_BYTES, 0, MAC_BYTES);
  frame.writeUInt16BE(etherType, 12);
}
