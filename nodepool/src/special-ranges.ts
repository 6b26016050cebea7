import { type IpRange, parseIpRange, rangesOverlap } from './ip-range.ts';

/** Addresses that no Service can have, as the API server's rules for endpoints and RFC 1122, 4291 and 5771 say. */
const SPECIAL: readonly { readonly range: IpRange; readonly meaning: string }[] = [
  { range: parseIpRange('0.0.0.0/8'), meaning: 'addresses that mean "this network" (0.0.0.0/8)' },
  { range: parseIpRange('127.0.0.0/8'), meaning: 'loopback addresses (127.0.0.0/8)' },
  { range: parseIpRange('169.254.0.0/16'), meaning: 'link-local addresses (169.254.0.0/16)' },
  { range: parseIpRange('224.0.0.0/4'), meaning: 'multicast addresses (224.0.0.0/4)' },
  { range: parseIpRange('255.255.255.255'), meaning: 'the broadcast address 255.255.255.255' },
  { range: parseIpRange('::-::1'), meaning: 'the unspecified or the loopback address (::, ::1)' },
  { range: parseIpRange('::/80'), meaning: 'IPv4 addresses written as IPv6 (::/80)' },
  { range: parseIpRange('fe80::/10'), meaning: 'link-local addresses (fe80::/10)' },
  { range: parseIpRange('ff00::/8'), meaning: 'multicast addresses (ff00::/8)' },
];

/** What makes a range unusable, in words; undefined where every address of it can be a Service's. */
export function specialMeaning(range: IpRange): string | undefined {
  return SPECIAL.find((special) => rangesOverlap(special.range, range))?.meaning;
}
