import type { LinkAddress } from '../ports/links.ts';

/** rtnetlink(7), linux/rtnetlink.h. Netlink speaks this machine's byte order; all targets of Node on Linux but s390x are little-endian. */
export const RTM_GETLINK = 18;
export const RTM_GETADDR = 22;
export const RTM_GETROUTE = 26;
/** RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_IFADDR */
export const GROUPS = 0x1 | 0x10 | 0x40 | 0x100;

const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const RTM_NEWROUTE = 24;
const RTM_DELROUTE = 25;
const NLM_F_REQUEST = 0x1;
/** Set in the parts of a dump; news carries the sequence number of whoever caused it, so that tells nothing. */
const NLM_F_MULTI = 0x2;
const NLM_F_DUMP_INTR = 0x10;
const NLM_F_DUMP = 0x300;
const HEADER_BYTES = 16;
const IFINFO_BYTES = 16;
const IFADDR_BYTES = 8;
const RTMSG_BYTES = 12;
const AF_UNSPEC = 0;
const AF_INET = 2;
const AF_INET6 = 10;
const IFF_UP = 0x1;
const IFF_LOWER_UP = 0x10000;
const RT_TABLE_MAIN = 254;
const RTN_UNICAST = 1;
const RTM_F_CLONED = 0x200;

/** What one netlink message says. */
export type RouteFact =
  | { kind: 'link'; index: number; name: string; mac: Buffer; up: boolean; carrier: boolean; type: string | undefined }
  | { kind: 'link-gone'; index: number }
  | { kind: 'address'; index: number; address: LinkAddress }
  | { kind: 'address-gone'; index: number; address: LinkAddress }
  /** An IPv4 default route of the main table; `asked` is false for news, which a replaced route makes incomplete. */
  | { kind: 'default-route'; index: number; priority: number; asked: boolean }
  /** The tables changed while a dump ran: it may have left something out. Any of its messages may say so, once. */
  | { kind: 'interrupted'; seq: number }
  | { kind: 'done'; seq: number }
  | { kind: 'refused'; seq: number; errno: number };

/** A dump request of one kind: RTM_GETLINK, RTM_GETADDR or RTM_GETROUTE (IPv4). */
export function dumpRequest(type: number, seq: number): Buffer {
  const body = type === RTM_GETLINK ? IFINFO_BYTES : type === RTM_GETADDR ? IFADDR_BYTES : RTMSG_BYTES;
  const b = Buffer.alloc(HEADER_BYTES + body);
  b.writeUInt32LE(b.length, 0);
  b.writeUInt16LE(type, 4);
  b.writeUInt16LE(NLM_F_REQUEST | NLM_F_DUMP, 6);
  b.writeUInt32LE(seq, 8);
  if (type === RTM_GETROUTE) b[HEADER_BYTES] = AF_INET;
  return b;
}

/** Reads a datagram of netlink messages; what is of no interest, cut short or unknown is left out. */
export function* readRouteFacts(datagram: Buffer): Generator<RouteFact> {
  for (let at = 0; at + HEADER_BYTES <= datagram.length; ) {
    const length = datagram.readUInt32LE(at);
    if (length < HEADER_BYTES || at + length > datagram.length) return;
    const message = datagram.subarray(at, at + length);
    if ((message.readUInt16LE(6) & NLM_F_DUMP_INTR) !== 0) yield { kind: 'interrupted', seq: message.readUInt32LE(8) };
    const fact = readMessage(message);
    if (fact !== undefined) yield fact;
    at += (length + 3) & ~3;
  }
}

function readMessage(b: Buffer): RouteFact | undefined {
  const type = b.readUInt16LE(4);
  const seq = b.readUInt32LE(8);
  const body = b.subarray(HEADER_BYTES);
  switch (type) {
    case NLMSG_DONE:
      return { kind: 'done', seq };
    case NLMSG_ERROR:
      return body.length >= 4 ? { kind: 'refused', seq, errno: -body.readInt32LE(0) } : undefined;
    case RTM_NEWLINK:
    case RTM_DELLINK:
      return readLink(body, type === RTM_DELLINK);
    case RTM_NEWADDR:
    case RTM_DELADDR:
      return readAddress(body, type === RTM_DELADDR);
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
      return readDefaultRoute(body, (b.readUInt16LE(6) & NLM_F_MULTI) !== 0);
    default:
      return undefined;
  }
}

function readLink(body: Buffer, gone: boolean): RouteFact | undefined {
  // With AF_BRIDGE the same types tell of bridge ports: a DELLINK then means "left the bridge".
  if (body.length < IFINFO_BYTES || body[0] !== AF_UNSPEC) return undefined;
  const index = body.readInt32LE(4);
  if (gone) return { kind: 'link-gone', index };
  const flags = body.readUInt32LE(8);
  const attributes = readAttributes(body.subarray(IFINFO_BYTES));
  // IFLA_WIRELESS: an event of the old wireless extensions in a NEWLINK's clothes; it carries no address of the link.
  if (attributes.has(11)) return undefined;
  const name = text(attributes.get(3)); // IFLA_IFNAME
  if (name === undefined) return undefined;
  const info = attributes.get(18); // IFLA_LINKINFO
  return {
    kind: 'link',
    index,
    name,
    mac: Buffer.from(attributes.get(1) ?? []), // IFLA_ADDRESS; copied: the datagram is big
    up: (flags & IFF_UP) !== 0,
    carrier: (flags & IFF_LOWER_UP) !== 0,
    type: info && text(readAttributes(info).get(1)), // IFLA_INFO_KIND
  };
}

function readAddress(body: Buffer, gone: boolean): RouteFact | undefined {
  if (body.length < IFADDR_BYTES) return undefined;
  const attributes = readAttributes(body.subarray(IFADDR_BYTES));
  const bytes = attributes.get(2) ?? attributes.get(1); // IFA_LOCAL, else IFA_ADDRESS: they differ on point-to-point links
  const address = bytes && addressOf(body[0], bytes, body[1] ?? 0);
  return address && { kind: gone ? 'address-gone' : 'address', index: body.readUInt32LE(4), address };
}

function addressOf(family: number | undefined, bytes: Buffer, prefixBits: number): LinkAddress | undefined {
  if (family === AF_INET && bytes.length === 4) return { ip: bytes.join('.'), prefixBits, family: 'IPv4' };
  if (family !== AF_INET6 || bytes.length !== 16) return undefined;
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16));
  // URL gives the canonical text of RFC 5952.
  return { ip: new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1), prefixBits, family: 'IPv6' };
}

function readDefaultRoute(body: Buffer, asked: boolean): RouteFact | undefined {
  if (body.length < RTMSG_BYTES || body[0] !== AF_INET || body[1] !== 0) return undefined;
  if (body[4] !== RT_TABLE_MAIN || body[7] !== RTN_UNICAST || (body.readUInt32LE(8) & RTM_F_CLONED) !== 0)
    return undefined;
  const attributes = readAttributes(body.subarray(RTMSG_BYTES));
  const hops = attributes.get(9); // RTA_MULTIPATH: the first hop stands for all
  const index = number(attributes.get(4)) ?? (hops && hops.length >= 8 ? hops.readInt32LE(4) : undefined); // RTA_OIF
  if (index === undefined) return undefined;
  return { kind: 'default-route', index, priority: number(attributes.get(6)) ?? 0, asked }; // RTA_PRIORITY
}

function readAttributes(b: Buffer): Map<number, Buffer> {
  const attributes = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= b.length; ) {
    const length = b.readUInt16LE(at);
    if (length < 4 || at + length > b.length) break;
    attributes.set(b.readUInt16LE(at + 2) & 0x3fff, b.subarray(at + 4, at + length));
    at += (length + 3) & ~3;
  }
  return attributes;
}

function number(b: Buffer | undefined): number | undefined {
  return b !== undefined && b.length >= 4 ? b.readUInt32LE(0) : undefined;
}

function text(b: Buffer | undefined): string | undefined {
  if (b === undefined) return undefined;
  const end = b.indexOf(0);
  return b.toString('utf8', 0, end < 0 ? b.length : end);
}
