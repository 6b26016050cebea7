import { copyMac, isBroadcastMacAt, MAC_BYTES, sameMac } from './mac-address.ts';

export const ETHERNET_HEADER_BYTES = 14;
export const ETHERTYPE_ARP = 0x0806;
export const ETHERTYPE_IPV6 = 0x86dd;
/** Customer and service VLAN tags (IEEE 802.1Q, 802.1ad), and the older number for the latter. */
export const VLAN_ETHERTYPES: readonly number[] = [0x8100, 0x88a8, 0x9100];
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

  isFrom(mac: Buffer): boolean {
    return sameMac(this.b, MAC_BYTES, mac, 0);
  }

  isTo(mac: Buffer): boolean {
    return sameMac(this.b, 0, mac, 0);
  }

  get isBroadcast(): boolean {
    return isBroadcastMacAt(this.b, 0);
  }
}

/** The EtherType of a frame; -1 for one that ends before it. */
export function etherTypeOf(frame: Buffer): number {
  return frame.length < ETHERNET_HEADER_BYTES ? -1 : frame.readUInt16BE(12);
}

/** Writes a header at the start of `frame`. */
export function writeEthernetHeader(frame: Buffer, destination: Buffer, source: Buffer, etherType: number): void {
  copyMac(destination, 0, frame, 0);
  copyMac(source, 0, frame, MAC_BYTES);
  frame.writeUInt16BE(etherType, 12);
}
