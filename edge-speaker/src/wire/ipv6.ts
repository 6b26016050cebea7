import { parseIpAddress } from '@openyurt/nodepool-types';
import { ETHERNET_HEADER_BYTES } from './ethernet.ts';
import { MAC_BYTES } from './mac-address.ts';

export const IPV6_BYTES = 16;
export const IPV6_HEADER_BYTES = 40;
export const NEXT_HEADER_ICMPV6 = 58;
/** Where the fields of the IPv6 header stand in an Ethernet frame (RFC 8200 §3). */
export const IPV6_AT = { version: 14, payloadBytes: 18, nextHeader: 20, hopLimit: 21, source: 22, destination: 38 };
/** Where the payload starts. */
export const IPV6_PAYLOAD_AT = ETHERNET_HEADER_BYTES + IPV6_HEADER_BYTES;
/** ff02::1, all nodes of the link. RFC 4291 §2.7.1. */
export const ALL_NODES = Buffer.from('ff020000000000000000000000000001', 'hex');

/** Hop-by-hop, routing, fragment, authentication, destination options, mobility, HIP, shim6. RFC 7045 §4. */
const EXTENSION_HEADERS: ReadonlySet<number> = new Set([0, 43, 44, 51, 60, 135, 139, 140]);
const SOLICITED_NODE_PREFIX = Buffer.from('ff0200000000000000000001ff', 'hex');

export function isExtensionHeader(nextHeader: number): boolean {
  return EXTENSION_HEADERS.has(nextHeader);
}

/** The sixteen bytes of an address. @throws LbError `LB_BAD_ADDRESS` */
export function ipv6Bytes(text: string): Buffer {
  return Buffer.from(
    parseIpAddress(text)
      .value.toString(16)
      .padStart(2 * IPV6_BYTES, '0'),
    'hex',
  );
}

/** Whether two places hold the same address. */
export function sameIpv6(a: Buffer, aAt: number, b: Buffer, bAt: number): boolean {
  for (let i = IPV6_BYTES - 1; i >= 0; i--) if (a[aAt + i] !== b[bAt + i]) return false;
  return true;
}

export function copyIpv6(from: Buffer, fromAt: number, to: Buffer, toAt: number): void {
  for (let i = 0; i < IPV6_BYTES; i++) to[toAt + i] = from[fromAt + i] ?? 0;
}

export function isMulticastIpv6(b: Buffer, at: number): boolean {
  return b[at] === 0xff;
}

/** `::`, the source of one who has no address yet. */
export function isUnspecifiedIpv6(b: Buffer, at: number): boolean {
  return startsWithZeros(b, at) && b[at + 15] === 0;
}

/** A source that no packet on a link can have: a group (RFC 4291 §2.7) or `::1` (§2.5.3). */
export function isForgedSource(b: Buffer, at: number): boolean {
  return isMulticastIpv6(b, at) || (startsWithZeros(b, at) && b[at + 15] === 1);
}

/** ff02::1:ff00:0/104. RFC 4291 §2.7.1. */
export function isSolicitedNodeGroup(b: Buffer, at: number): boolean {
  for (let i = 0; i < SOLICITED_NODE_PREFIX.length; i++) if (b[at + i] !== SOLICITED_NODE_PREFIX[i]) return false;
  return true;
}

/** Whether the group at `at` is the solicited-node group of the address at `addressAt`. */
export function isGroupOf(b: Buffer, at: number, addressAt: number): boolean {
  for (let i = 13; i < IPV6_BYTES; i++) if (b[at + i] !== b[addressAt + i]) return false;
  return isSolicitedNodeGroup(b, at);
}

/** The group in which the owner of `address` listens for solicitations. RFC 4291 §2.7.1. */
export function solicitedNodeGroup(address: Buffer): Buffer {
  return Buffer.concat([SOLICITED_NODE_PREFIX, address.subarray(13, IPV6_BYTES)]);
}

/** The Ethernet address of an IPv6 group: 33:33 and its last 32 bits. RFC 2464 §7. */
export function groupMac(group: Buffer): Buffer {
  const mac = Buffer.alloc(MAC_BYTES, 0x33);
  group.copy(mac, 2, 12, IPV6_BYTES);
  return mac;
}

/** Writes an IPv6 header for ICMPv6 with hop limit 255 into a frame; source and destination are the caller's to write. */
export function writeIpv6Header(frame: Buffer, payloadBytes: number): void {
  frame.writeUInt32BE(0x60000000, IPV6_AT.version);
  frame.writeUInt16BE(payloadBytes, IPV6_AT.payloadBytes);
  frame[IPV6_AT.nextHeader] = NEXT_HEADER_ICMPV6;
  frame[IPV6_AT.hopLimit] = 255;
}

function startsWithZeros(b: Buffer, at: number): boolean {
  for (let i = 0; i < IPV6_BYTES - 1; i++) if (b[at + i] !== 0) return false;
  return true;
}
