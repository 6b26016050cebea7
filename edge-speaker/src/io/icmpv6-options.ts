import { endianness } from 'node:os';

/** A socket option of Linux by number: raw-socket has names for a few only. The numbers are the same on every architecture Node runs on. */
export interface SocketOption {
  readonly level: number;
  readonly option: number;
  readonly name: string;
}

const SOL_SOCKET = 1; // asm-generic/socket.h
const IPPROTO_IPV6 = 41; // linux/in6.h
/** linux/in6.h. Also the level of ICMP6_FILTER. */
export const IPPROTO_ICMPV6 = 58;

const option = (level: number, number: number, name: string): SocketOption => ({ level, option: number, name });

export const SO_BINDTODEVICE = option(SOL_SOCKET, 25, 'SO_BINDTODEVICE'); // asm-generic/socket.h
export const IPV6_UNICAST_HOPS = option(IPPROTO_IPV6, 16, 'IPV6_UNICAST_HOPS'); // linux/in6.h, like all IPV6_*
export const IPV6_MULTICAST_IF = option(IPPROTO_IPV6, 17, 'IPV6_MULTICAST_IF');
export const IPV6_MULTICAST_HOPS = option(IPPROTO_IPV6, 18, 'IPV6_MULTICAST_HOPS');
export const IPV6_MULTICAST_LOOP = option(IPPROTO_IPV6, 19, 'IPV6_MULTICAST_LOOP');
export const IPV6_ADD_MEMBERSHIP = option(IPPROTO_IPV6, 20, 'IPV6_ADD_MEMBERSHIP');
export const IPV6_DROP_MEMBERSHIP = option(IPPROTO_IPV6, 21, 'IPV6_DROP_MEMBERSHIP');
export const ICMP6_FILTER = option(IPPROTO_ICMPV6, 1, 'ICMP6_FILTER'); // linux/icmpv6.h

/** struct icmp6_filter (RFC 3542 §3.2): a set bit blocks its type, and here all are set. */
export const BLOCK_ALL = Buffer.alloc(32, 0xff);

/** ff02::1:ff00:0/104, RFC 4291 §2.7.1. */
const SOLICITED_NODE = Buffer.from('ff0200000000000000000001ff', 'hex');

/** A device's name as SO_BINDTODEVICE takes it. */
export function deviceName(name: string): Buffer {
  return Buffer.from(`${name}\0`);
}

/** struct ipv6_mreq (linux/in6.h): the solicited-node group of the addresses that end in these 24 bits, on one interface. */
export function solicitedNodeMembership(lastBits: number, linkIndex: number): Buffer {
  const request = Buffer.alloc(20);
  SOLICITED_NODE.copy(request);
  request.writeUIntBE(lastBits, 13, 3);
  if (endianness() === 'LE') request.writeUInt32LE(linkIndex, 16);
  else request.writeUInt32BE(linkIndex, 16);
  return request;
}
