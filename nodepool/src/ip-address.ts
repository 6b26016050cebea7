import { isIPv4, isIPv6 } from 'node:net';
import { LbError } from './errors.ts';
import { quote } from './problem.ts';

/** Written as `spec.ipFamilies` writes it. */
export type IpFamily = 'IPv4' | 'IPv6';

/** An address as a number: exact for both families. `value` is below 2^32 or 2^128. */
export interface IpAddress {
  readonly family: IpFamily;
  readonly value: bigint;
}

export const BITS: Record<IpFamily, number> = { IPv4: 32, IPv6: 128 };

/**
 * Reads an IPv4 or IPv6 address. No zone, no prefix, no surrounding blanks, no leading zeros in IPv4 (RFC 6943 §3.1.1).
 * An IPv4-mapped IPv6 address is refused by name: two spellings of one address must not be two addresses.
 *
 * @throws LbError `LB_BAD_ADDRESS`
 */
export function parseIpAddress(text: string): IpAddress {
  const address = tryParseIpAddress(text);
  if (address !== undefined) return address;
  throw new LbError('LB_BAD_ADDRESS', `${quote(text)} is not an IP address`, addressRemedy(text));
}

/** @returns undefined where {@link parseIpAddress} would throw */
export function tryParseIpAddress(text: string): IpAddress | undefined {
  if (isIPv4(text)) return { family: 'IPv4', value: BigInt(ipv4Value(text)) };
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const value = ipv6Value(text);
  return value >> 32n === 0xffffn ? undefined : { family: 'IPv6', value };
}

/** The canonical text: dotted quad, or RFC 5952 (lower case, longest run of zeros as `::`). */
export function formatIpAddress({ family, value }: IpAddress): string {
  return family === 'IPv4' ? formatIpv4(Number(value)) : formatIpv6(value);
}

/** @param value below 2^32 */
export function formatIpv4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

/** The canonical text of any spelling, or undefined for what is no address. */
export function canonicalIp(text: string): string | undefined {
  const address = tryParseIpAddress(text);
  return address && formatIpAddress(address);
}

export function familyOf(text: string): IpFamily | undefined {
  return isIPv4(text) ? 'IPv4' : isIPv6(text) ? 'IPv6' : undefined;
}

/** Orders IPv4 before IPv6, then by number. */
export function compareIp(a: IpAddress, b: IpAddress): number {
  if (a.family !== b.family) return a.family === 'IPv4' ? -1 : 1;
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
}

/** @param text a dotted quad that `net.isIPv4` accepts */
export function ipv4Value(text: string): number {
  let value = 0;
  for (const part of text.split('.')) value = value * 256 + Number(part);
  return value;
}

function ipv6Value(text: string): bigint {
  const dot = text.lastIndexOf('.');
  let groups = text;
  if (dot >= 0) {
    const colon = text.lastIndexOf(':');
    const quad = ipv4Value(text.slice(colon + 1));
    groups = `${text.slice(0, colon + 1)}${(quad >>> 16).toString(16)}:${(quad & 0xffff).toString(16)}`;
  }
  const [head = '', tail] = groups.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const all = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  return all.reduce((value, group) => (value << 16n) | BigInt(Number.parseInt(group, 16)), 0n);
}

function formatIpv6(value: bigint): string {
  const groups: string[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) groups.push(((value >> shift) & 0xffffn).toString(16));
  let best = { start: -1, length: 1 }; // a single zero group is not shortened, RFC 5952 §4.2.2
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
    start += length;
  }
  if (best.start < 0) return groups.join(':');
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`;
}

function addressRemedy(text: string): string {
  if (isIPv6(text) && !text.includes('%')) return 'Write an IPv4-mapped address as plain IPv4.';
  if (text.includes('/')) return 'Write one address, without a prefix length.';
  if (text.includes('%')) return 'Write the address without a zone.';
  if (/^0\d|\.0\d/.test(text)) return 'Write IPv4 without leading zeros.';
  return 'Write an address such as 192.168.10.240 or fd00:10::1.';
}
