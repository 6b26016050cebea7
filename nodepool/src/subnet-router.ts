import type { IpAddress } from './ip-address.ts';
import type { IpRange } from './ip-range.ts';

/** Of a /64, the length of every subnet that has interface identifiers (RFC 4291 §2.5.1). */
const SUBNET = 1n << 64n;

/**
 * Whether it is the Subnet-Router anycast address of a /64: the one whose lower 64 bits are zero (RFC 4291 §2.6.1). Every
 * router of the subnet answers for it, and a Linux host that forwards is one, so each Node is: it is nobody's alone.
 */
export function isSubnetRouter({ family, value }: IpAddress): boolean {
  return family === 'IPv6' && value % SUBNET === 0n;
}

/** How many addresses of the range are. */
export function subnetRoutersIn({ family, first, last }: IpRange): bigint {
  return family === 'IPv4' ? 0n : last / SUBNET - (first + SUBNET - 1n) / SUBNET + 1n;
}
