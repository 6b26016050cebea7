import { BROADCAST_MAC, ETHERNET_HEADER_BYTES, ETHERTYPE_ARP, EthernetView, writeEthernetHeader } from './ethernet.ts';
import { MAC_BYTES } from './mac-address.ts';

export const ARP_REQUEST = 1;
export const ARP_REPLY = 2;
/** Bytes of an ARP packet for Ethernet and IPv4, without the Ethernet header. */
export const ARP_BYTES = 28;
export const ARP_FRAME_BYTES = ETHERNET_HEADER_BYTES + ARP_BYTES;

const HARDWARE_ETHERNET = 1;
const PROTOCOL_IPV4 = 0x0800;
const IPV4_BYTES = 4;
const ZERO_MAC = Buffer.alloc(MAC_BYTES);

/**
 * An ARP packet and the Ethernet header it came in, read in place (RFC 826): fields are views into the receive buffer,
 * valid until the next read. IPv4 addresses are numbers below 2^32.
 */
export class ArpView {
  private readonly b: Buffer;

  private constructor(readonly ethernet: EthernetView) {
    this.b = ethernet.payload;
  }

  /**
   * @param frame from the destination MAC on; link padding after the packet is fine
   * @returns undefined unless it holds a whole ARP packet for Ethernet and IPv4
   */
  static over(frame: Buffer): ArpView | undefined {
    const ethernet = EthernetView.over(frame);
    if (ethernet === undefined || ethernet.etherType !== ETHERTYPE_ARP) return undefined;
    const b = ethernet.payload;
    if (b.length < ARP_BYTES || b.readUInt16BE(0) !== HARDWARE_ETHERNET || b.readUInt16BE(2) !== PROTOCOL_IPV4) {
      return undefined;
    }
    return b[4] === MAC_BYTES && b[5] === IPV4_BYTES ? new ArpView(ethernet) : undefined;
  }

  get operation(): number {
    return this.b.readUInt16BE(6);
  }

  get senderMac(): Buffer {
    return this.b.subarray(8, 14);
  }

  get senderIp(): number {
    return this.b.readUInt32BE(14);
  }

  get targetMac(): Buffer {
    return this.b.subarray(18, 24);
  }

  get targetIp(): number {
    return this.b.readUInt32BE(24);
  }

  /** Whether the Ethernet header names another sender than the packet: a bridge that rewrites, or a forgery. */
  get isRelayed(): boolean {
    return !this.ethernet.source.equals(this.senderMac);
  }
}

/** What goes into one ARP frame. Addresses are numbers below 2^32, MACs six bytes. */
export interface ArpFields {
  readonly operation: number;
  readonly senderMac: Buffer;
  readonly senderIp: number;
  readonly targetMac: Buffer;
  readonly targetIp: number;
  /** Ethernet destination. */
  readonly to: Buffer;
}

/** Encodes into `frame` (at least {@link ARP_FRAME_BYTES}), or into a new one. The driver pads to 60 bytes. */
export function encodeArp(fields: ArpFields, frame: Buffer = Buffer.allocUnsafe(ARP_FRAME_BYTES)): Buffer {
  writeEthernetHeader(frame, fields.to, fields.senderMac, ETHERTYPE_ARP);
  frame.writeUInt16BE(HARDWARE_ETHERNET, 14);
  frame.writeUInt16BE(PROTOCOL_IPV4, 16);
  frame[18] = MAC_BYTES;
  frame[19] = IPV4_BYTES;
  frame.writeUInt16BE(fields.operation, 20);
  fields.senderMac.copy(frame, 22, 0, MAC_BYTES);
  frame.writeUInt32BE(fields.senderIp, 28);
  fields.targetMac.copy(frame, 32, 0, MAC_BYTES);
  frame.writeUInt32BE(fields.targetIp, 38);
  return frame.length === ARP_FRAME_BYTES ? frame : frame.subarray(0, ARP_FRAME_BYTES);
}

/** "`ip` is at `mac`", to the one who asked. RFC 826, "Packet Reception". */
export function arpReply(mac: Buffer, ip: number, askerMac: Buffer, askerIp: number, frame?: Buffer): Buffer {
  const to = askerMac;
  return encodeArp({ operation: ARP_REPLY, senderMac: mac, senderIp: ip, targetMac: to, targetIp: askerIp, to }, frame);
}

/** "Who has `ip`? Tell `senderIp`", to everyone. */
export function arpRequest(mac: Buffer, senderIp: number, ip: number): Buffer {
  const fields = { operation: ARP_REQUEST, senderMac: mac, senderIp, targetMac: ZERO_MAC, targetIp: ip };
  return encodeArp({ ...fields, to: BROADCAST_MAC });
}

/** A probe: a request whose sender address is 0.0.0.0, so that nobody's cache changes. RFC 5227 §1.1. */
export function arpProbe(mac: Buffer, ip: number): Buffer {
  return arpRequest(mac, 0, ip);
}

/** An announcement: a request in which sender and target address are ours. RFC 5227 §1.1, RFC 5944 §4.6. */
export function arpAnnouncement(mac: Buffer, ip: number): Buffer {
  return arpRequest(mac, ip, ip);
}

/** The same as a broadcast reply: some hosts learn only from replies (RFC 5944 §4.6 names both forms). */
export function gratuitousReply(mac: Buffer, ip: number): Buffer {
  const fields = { operation: ARP_REPLY, senderMac: mac, senderIp: ip, targetMac: mac, targetIp: ip };
  return encodeArp({ ...fields, to: BROADCAST_MAC });
}
