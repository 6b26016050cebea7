import { LbError } from './errors.ts';
import { BITS, compareIp, formatIpAddress, type IpAddress, type IpFamily, tryParseIpAddress } from './ip-address.ts';
import { quote } from './problem.ts';

/** All addresses from `first` to `last`, both included. Exact for both families; `first <= last` always. */
export interface IpRange {
  readonly family: IpFamily;
  readonly first: bigint;
  readonly last: bigint;
  /** As it was written, for messages. */
  readonly text: string;
}

/**
 * Reads `192.168.10.0/24` (host bits are masked), `192.168.10.240-192.168.10.250` or one address.
 *
 * @throws LbError `LB_BAD_RANGE`: no range, reversed, of two families, prefix out of bounds
 */
export function parseIpRange(text: string): IpRange {
  if (text.includes('/')) return parseCidr(text);
  const dash = text.indexOf('-');
  if (dash < 0) return between(text, parseEnd(text, text), parseEnd(text, text));
  const first = parseEnd(text, text.slice(0, dash).trim());
  const last = parseEnd(text, text.slice(dash + 1).trim());
  return between(text, first, last);
}

/** How many addresses, exact. */
export function rangeSize(range: IpRange): bigint {
  return range.last - range.first + 1n;
}

export function rangeHolds(range: IpRange, address: IpAddress): boolean {
  return address.family === range.family && address.value >= range.first && address.value <= range.last;
}

export function rangesOverlap(a: IpRange, b: IpRange): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

function parseCidr(text: string): IpRange {
  const slash = text.indexOf('/');
  const address = parseEnd(text, text.slice(0, slash));
  const prefix = text.slice(slash + 1);
  const bits = BITS[address.family];
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits) {
    throw bad(text, `has the prefix length ${quote(prefix)}`, `Write a number from 0 to ${bits}.`);
  }
  const hostBits = BigInt(bits - Number(prefix));
  const first = (address.value >> hostBits) << hostBits;
  return { family: address.family, first, last: first + (1n << hostBits) - 1n, text };
}

function parseEnd(whole: string, text: string): IpAddress {
  const address = tryParseIpAddress(text);
  if (address !== undefined) return address;
  throw bad(
    whole,
    text === whole ? 'is no address, range or prefix' : `holds ${quote(text)}, which is no address`,
    'Write 192.168.10.240-192.168.10.250, 192.168.10.0/24 or a single address.',
  );
}

function between(text: string, first: IpAddress, last: IpAddress): IpRange {
  if (first.family !== last.family) {
    throw bad(text, `goes from ${first.family} to ${last.family}`, 'Write one range for each family.');
  }
  if (compareIp(first, last) > 0) {
    const turned = `${formatIpAddress(last)}-${formatIpAddress(first)}`;
    throw bad(text, 'ends before it begins', `Did you mean ${turned}?`);
  }
  return { family: first.family, first: first.value, last: last.value, text };
}

function bad(text: string, what: string, remedy: string): LbError {
  return new LbError('LB_BAD_RANGE', `range ${quote(text)} ${what}`, remedy);
}
