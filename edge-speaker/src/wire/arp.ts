import { BROADCAST_MAC, ETHERNET_HEADER_BYTES, ETHERTYPE_ARP, EthernetView, writeEthernetHeader } from './ethernet.ts';
import { copyMac, isStationMacAt, MAC_BYTES, sameMac } from './mac-address.ts';

export const ARP_REQUEST = 1;
export const ARP_REPLY = 2;
/** Bytes of an ARP packet for Ethernet and IPv4, without the Ethernet header. */
export const ARP_BYTES = 28;
export const ARP_FRAME_BYTES = ETHERNET_HEADER_BYTES + ARP_BYTES;

const HARDWARE_ETHERNET = 1;
const PROTOCOL_IPV4 = 0x0800;
const IPV4_BYTES = 4;
const ZERO_MAC = Buffer.alloc(MAC_BYTES);
/** Where the fields stand in a frame (RFC 826, "Packet format"). */
const AT = {
  hardware: 14,
  protocol: 16,
  lengths: 18,
  operation: 20,
  senderMac: 22,
  senderIp: 28,
  targetMac: 32,
  targetIp: 38,
};

/**
 * An ARP packet and the Ethernet header it came in, read in place (RFC 826): fields are views into the receive buffer,
 * valid until the next read. IPv4 addresses are numbers below 2^32.
 */
export class ArpView {
  private constructor(
    private readonly b: Buffer,
    readonly ethernet: EthernetView,
  ) {}

  /**
   * @param frame from the destination MAC on; link padding after the packet is fine
   * @returns undefined unless it holds a whole ARP packet for Ethernet and IPv4
   */
  static over(frame: Buffer): ArpView | undefined {
    const ethernet = EthernetView.over(frame);
    if (ethernet === undefined || ethernet.etherType !== ETHERTYPE_ARP || frame.length < ARP_FRAME_BYTES)
      return undefined;
    const hardware = frame.readUInt16BE(AT.hardware);
    if (hardware !== HARDWARE_ETHERNET || frame.readUInt16BE(AT.protocol) !== PROTOCOL_IPV4) return undefined;
    const isWhole = frame[AT.lengths] === MAC_BYTES && frame[AT.lengths + 1] === IPV4_BYTES;
    return isWhole ? new ArpView(frame, ethernet) : undefined;
  }

  get operation(): number {
    return this.b.readUInt16BE(AT.operation);
  }

  get senderMac(): Buffer {
    return this.b.subarray(AT.senderMac, AT.senderMac + MAC_BYTES);
  }

  get senderIp(): number {
    return this.b.readUInt32BE(AT.senderIp);
  }

  get targetMac(): Buffer {
    return this.b.subarray(AT.targetMac, AT.targetMac + MAC_BYTES);
  }

  get targetIp(): number {
    return this.b.readUInt32BE(AT.targetIp);
  }

  /** Whether the packet, not the Ethernet header, names `mac` as its sender. */
  isSentBy(mac: Buffer): boolean {
    return sameMac(this.b, AT.senderMac, mac, 0);
  }

  /** Whether the packet's sender can be a station at all. */
  get hasStation(): boolean {
    return isStationMacAt(this.b, AT.senderMac);
  }

  /** Encodes the answer "`targetIp` is at `mac`" into `frame`, {@link ARP_FRAME_BYTES} long. RFC 826, "Packet Reception". */
  answer(mac: Buffer, frame: Buffer): void {
    copyMac(this.b, AT.senderMac, frame, 0);
    copyMac(mac, 0, frame, MAC_BYTES);
    writeFixed(frame, ARP_REPLY);
    copyMac(mac, 0, frame, AT.senderMac);
    frame.writeUInt32BE(this.targetIp, AT.senderIp);
    copyMac(this.b, AT.senderMac, frame, AT.targetMac);
    frame.writeUInt32BE(this.senderIp, AT.targetIp);
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

/** The driver pads to 60 bytes. */
export function encodeArp(fields: ArpFields): Buffer {
  const frame = Buffer.allocUnsafe(ARP_FRAME_BYTES);
  writeEthernetHeader(frame, fields.to, fields.senderMac, ETHERTYPE_ARP);
  writeFixed(frame, fields.operation);
  copyMac(fields.senderMac, 0, frame, AT.senderMac);
  frame.writeUInt32BE(fields.senderIp, AT.senderIp);
  copyMac(fields.targetMac, 0, frame, AT.targetMac);
  frame.writeUInt32BE(fields.targetIp, AT.targetIp);
  return frame;
}

function writeFixed(frame: Buffer, operation: number): void {
  frame.writeUInt16BE(ETHERTYPE_ARP, 12);
  frame.writeUInt16BE(HARDWARE_ETHERNET, AT.hardware);
  frame.writeUInt16BE(PROTOCOL_IPV4, AT.protocol);
  frame[AT.lengths] = MAC_BYTES;
  frame[AT.lengths + 1] = IPV4_BYTES;
  frame.writeUInt16BE(operation, AT.operation);
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
