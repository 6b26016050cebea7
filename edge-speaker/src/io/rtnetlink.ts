import type { IpFamily } from '@openyurt/nodepool-types';
import type { LinkAddress } from '../ports/links.ts';

/** rtnetlink(7), linux/rtnetlink.h. Netlink speaks this machine's byte order; all targets of Node on Linux but s390x are little-endian. */
export const RTM_GETLINK = 18;
export const RTM_GETADDR = 22;
export const RTM_GETROUTE = 26;
/** RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE */
export const GROUPS = 0x1 | 0x10 | 0x40 | 0x100 | 0x400;

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
const IFA_F_OPTIMISTIC = 0x04;
const IFA_F_DADFAILED = 0x08;
const IFA_F_TENTATIVE = 0x40;
/** RTA_PREF of RFC 4191: the routers' own word on which of them is better, two bits, high 1, medium 0, low 3. */
const PREFERENCE: Readonly<Record<number, number>> = { 1: 1, 3: -1 };

export interface LinkFact {
  readonly kind: 'link';
  readonly index: number;
  readonly name: string;
  readonly mac: Buffer;
  readonly up: boolean;
  readonly carrier: boolean;
  readonly type: string | undefined;
  readonly portOf: number | undefined;
}

/** A default route of the main table; `asked` is false for news, which a replaced route makes incomplete. */
export interface DefaultRouteFact {
  readonly kind: 'default-route';
  readonly family: IpFamily;
  readonly index: number;
  /** The metric; the lowest is used. */
  readonly priority: number;
  /** Among equal metrics the highest is used: 1, 0 or -1. */
  readonly preference: number;
  readonly asked: boolean;
}

/** What one netlink message says. */
export type RouteFact =
  | LinkFact
  | { kind: 'link-gone'; index: number }
  | { kind: 'address'; index: number; address: LinkAddress }
  | { kind: 'address-gone'; index: number; address: LinkAddress }
  | DefaultRouteFact
  /** The tables changed while a dump ran: it may have left something out. Any of its messages may say so, once. */
  | { kind: 'interrupted'; seq: number }
  | { kind: 'done'; seq: number }
  | { kind: 'refused'; seq: number; errno: number };

/** A dump request of one kind: RTM_GETLINK, RTM_GETADDR or, with a family, RTM_GETROUTE. */
export function dumpRequest(type: number, seq: number, family?: IpFamily): Buffer {
  const body = type === RTM_GETLINK ? IFINFO_BYTES : type === RTM_GETADDR ? IFADDR_BYTES : RTMSG_BYTES;
  const b = Buffer.alloc(HEADER_BYTES + body);
  b.writeUInt32LE(b.length, 0);
  b.writeUInt16LE(type, 4);
  b.writeUInt16LE(NLM_F_REQUEST | NLM_F_DUMP, 6);
  b.writeUInt32LE(seq, 8);
  if (family !== undefined) b[HEADER_BYTES] = family === 'IPv4' ? AF_INET : AF_INET6;
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
  const about = info === undefined ? undefined : readAttributes(info);
  const slaveKind = text(about?.get(4)); // IFLA_INFO_SLAVE_KIND
  return {
    kind: 'link',
    index,
    name,
    mac: Buffer.from(attributes.get(1) ?? []), // IFLA_ADDRESS; copied: the datagram is big
    up: (flags & IFF_UP) !== 0,
    carrier: (flags & IFF_LOWER_UP) !== 0,
    type: text(about?.get(1)), // IFLA_INFO_KIND
    portOf: slaveKind === 'vrf' ? undefined : number(attributes.get(10)), // IFLA_MASTER; a VRF only routes, its members answer
  };
}

function readAddress(body: Buffer, gone: boolean): RouteFact | undefined {
  if (body.length < IFADDR_BYTES) return undefined;
  const attributes = readAttributes(body.subarray(IFADDR_BYTES));
  const bytes = attributes.get(2) ?? attributes.get(1); // IFA_LOCAL, else IFA_ADDRESS: they differ on point-to-point links
  const plain = bytes && addressOf(body[0], bytes, body[1] ?? 0);
  const flags = number(attributes.get(8)) ?? body[2] ?? 0; // IFA_FLAGS, else the eight bits of old kernels
  const address = plain && { ...plain, ...detection(flags) };
  return address && { kind: gone ? 'address-gone' : 'address', index: body.readUInt32LE(4), address };
}

/** What duplicate address detection has to say. An optimistic address is used before it ends (RFC 4429). */
function detection(flags: number): Pick<LinkAddress, 'duplicate' | 'tentative'> {
  if ((flags & IFA_F_DADFAILED) !== 0) return { duplicate: true };
  return (flags & (IFA_F_TENTATIVE | IFA_F_OPTIMISTIC)) === IFA_F_TENTATIVE ? { tentative: true } : {};
}

function addressOf(family: number | undefined, bytes: Buffer, prefixBits: number): LinkAddress | undefined {
  if (family === AF_INET && bytes.length === 4) return { ip: bytes.join('.'), prefixBits, family: 'IPv4' };
  if (family !== AF_INET6 || bytes.length !== 16) return undefined;
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16));
  // URL gives the canonical text of RFC 5952.
  return { ip: new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1), prefixBits, family: 'IPv6' };
}

/**
 * A route that names only a nexthop object (net.ipv4.nexthop_compat_mode=0) has no interface here and is left out; so is one
 * over a nexthop of nowhere. An expired route counts until the kernel sweeps it, half a minute later at most.
 */
function readDefaultRoute(body: Buffer, asked: boolean): RouteFact | undefined {
  const family = body[0] === AF_INET ? 'IPv4' : body[0] === AF_INET6 ? 'IPv6' : undefined;
  if (body.length < RTMSG_BYTES || family === undefined || body[1] !== 0) return undefined;
  if (body[4] !== RT_TABLE_MAIN || body[7] !== RTN_UNICAST || (body.readUInt32LE(8) & RTM_F_CLONED) !== 0)
    return undefined;
  const attributes = readAttributes(body.subarray(RTMSG_BYTES));
  const hops = attributes.get(9); // RTA_MULTIPATH: the first hop stands for all
  const index = number(attributes.get(4)) ?? (hops && hops.length >= 8 ? hops.readInt32LE(4) : undefined); // RTA_OIF
  if (index === undefined) return undefined;
  const priority = number(attributes.get(6)) ?? 0; // RTA_PRIORITY
  const preference = PREFERENCE[attributes.get(20)?.[0] ?? 0] ?? 0; // RTA_PREF
  return { kind: 'default-route', family, index, priority, preference, asked };
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
