import { isIP, isIPv4 } from 'node:net';

// The little of ASN.1 DER (ITU-T X.690) that an X.509 certificate needs, so that tests need no openssl.

/** One element: tag, length in the shortest form (X.690 §10.1), content. */
export function element(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const digits = body.length.toString(16);
  const length = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body]);
}

export const sequence = (...content: Buffer[]): Buffer => element(0x30, ...content);
export const set = (...content: Buffer[]): Buffer => element(0x31, ...content);
export const integer = (bigEndian: Buffer): Buffer => element(0x02, bigEndian);
export const boolean = (value: boolean): Buffer => element(0x01, Buffer.from([value ? 0xff : 0]));
export const octets = (content: Buffer): Buffer => element(0x04, content);
export const bits = (content: Buffer, unusedBits = 0): Buffer => element(0x03, Buffer.from([unusedBits]), content);
export const utf8 = (text: string): Buffer => element(0x0c, Buffer.from(text, 'utf8'));

/** @param dotted for example `2.5.29.17` */
export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const base128 = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) base128.unshift(0x80 | (left & 0x7f));
    bytes.push(...base128);
  }
  return element(0x06, Buffer.from(bytes));
}

/** UTCTime, which X.509 asks for in every year before 2050 (RFC 5280 §4.1.2.5). */
export function utcTime(at: Date): Buffer {
  const digits = at.toISOString().replace(/[-:T]/g, '').slice(2, 14);
  return element(0x17, Buffer.from(`${digits}Z`, 'ascii'));
}

/** A GeneralName (RFC 5280 §4.2.1.6): an IP address or else a DNS name. */
export function generalName(name: string): Buffer {
  return isIP(name) ? element(0x87, ipBytes(name)) : element(0x82, Buffer.from(name, 'ascii'));
}

function ipBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail] = address.split('::');
  const groups = (text: string | undefined) => (text ? text.split(':').map((group) => Number.parseInt(group, 16)) : []);
  const [left, right] = [groups(head), groups(tail)];
  const all = [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}
