import { ipv4Value, parseIpAddress } from '@openyurt/nodepool-types';
import type { Link, LinkAddress } from '../ports/links.ts';

/** An address as 32-bit words, the highest first: one for IPv4, four for IPv6. Compared without a bigint. */
type Words = readonly number[];

/** Where a subnet begins, and which bits of each word tell. */
interface Subnet {
  readonly words: Words;
  readonly masks: Words;
  readonly prefixBits: number;
}

/** Worked out once: an address of a link is the same object as long as the link does not change. */
const known = new WeakMap<LinkAddress, Subnet | 'none'>();

/** @param ip canonical text of either family */
export function wordsOf(ip: string): Words {
  if (!ip.includes(':')) return [ipv4Value(ip)];
  const { value } = parseIpAddress(ip);
  return [96n, 64n, 32n, 0n].map((shift) => Number((value >> shift) & 0xffffffffn));
}

/**
 * Prefix length of the longest subnet of `link` that holds the address, or -1. A /32 or /128 is a host, not a LAN; link-local
 * IPv6 (RFC 4291 §2.5.6) is on every link and tells none from another. An address that failed duplicate detection still says
 * which subnet its LAN is: another host there answered.
 */
export function subnetBits(link: Link, words: Words): number {
  let longest = -1;
  for (const address of link.addresses) {
    if (address.prefixBits <= longest) continue;
    const subnet = subnetOf(address);
    if (subnet !== 'none' && holds(subnet, words)) longest = subnet.prefixBits;
  }
  return longest;
}

function subnetOf(address: LinkAddress): Subnet | 'none' {
  const last = known.get(address);
  if (last !== undefined) return last;
  const words = wordsOf(address.ip);
  const { prefixBits } = address;
  const isHost = prefixBits >= words.length * 32;
  const subnet =
    isHost || isLinkLocal(words) ? 'none' : { words, masks: masksOf(words.length, prefixBits), prefixBits };
  known.set(address, subnet);
  return subnet;
}

function holds({ words, masks }: Subnet, asked: Words): boolean {
  if (words.length !== asked.length) return false;
  return masks.every((mask, i) => (((words[i] ?? 0) ^ (asked[i] ?? 0)) & mask) === 0);
}

function masksOf(count: number, prefixBits: number): Words {
  return Array.from({ length: count }, (_, i) => {
    const bits = Math.min(32, Math.max(0, prefixBits - i * 32));
    return bits === 0 ? 0 : -1 << (32 - bits);
  });
}

/** fe80::/10, RFC 4291 §2.5.6. */
export function isLinkLocal(words: Words): boolean {
  return words.length === 4 && ((words[0] ?? 0) & 0xffc00000) >>> 0 === 0xfe800000;
}
