/**
 * Neighbour discovery frames written field by field from RFC 8200 §3, RFC 4443 §2 and RFC 4861 §4.3, §4.4, §4.6, without the
 * product's codec: right or wrong, as a test wants them.
 */

/** Sixteen bytes of `fd00:10::1`; `::` stands for zeros. */
export function ip6(text: string): Buffer {
  const [head = '', tail] = text.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

/** Six bytes of `02:00:00:00:00:11`. */
export function mac6(text: string): Buffer {
  return Buffer.from(text.replaceAll(':', ''), 'hex');
}

export interface NdpFields {
  readonly etherTo: string;
  readonly etherFrom: string;
  readonly etherType: number;
  readonly version: number;
  readonly nextHeader: number;
  readonly hopLimit: number;
  readonly from: string;
  readonly to: string;
  /** 135 asks, 136 tells. */
  readonly type: number;
  readonly code: number;
  /** Of an advertisement: `R`, `S`, `O`, any of them. */
  readonly flags: string;
  readonly target: string;
  /** Each with its type and length byte. */
  readonly options: readonly Buffer[];
  /** Instead of the right one. */
  readonly checksum?: number;
  /** Instead of the right one. */
  readonly payloadBytes?: number;
  /** Bytes of the message that are left. */
  readonly keep?: number;
}

/** An option of `type` with `body`, its length in units of eight bytes unless said otherwise. RFC 4861 §4.6. */
export function option(type: number, body: Buffer, units = Math.ceil((body.length + 2) / 8)): Buffer {
  return Buffer.concat([Buffer.from([type, units]), body]);
}
export const sourceMac = (text: string) => option(1, mac6(text));
export const targetMac = (text: string) => option(2, mac6(text));
/** RFC 3971 §5.3.2, in the length of RFC 7527. */
export const nonce = (hex: string) => option(14, Buffer.from(hex, 'hex'));

/** The sum over the pseudo-header and the message, straight from RFC 1071 and RFC 8200 §8.1. */
export function checksumOf(from: Buffer, to: Buffer, message: Buffer, nextHeader = 58): number {
  const length = Buffer.alloc(8);
  length.writeUInt32BE(message.length, 0);
  length[7] = nextHeader;
  const all = Buffer.concat([from, to, length, message, Buffer.alloc(message.length % 2)]);
  let sum = 0n;
  for (let i = 0; i < all.length; i += 2) sum += BigInt(all.readUInt16BE(i));
  while (sum >> 16n !== 0n) sum = (sum & 0xffffn) + (sum >> 16n);
  return Number(~sum & 0xffffn);
}

export function ndpFrame(fields: NdpFields): Buffer {
  const { flags } = fields;
  const bits = (flags.includes('R') ? 0x80 : 0) | (flags.includes('S') ? 0x40 : 0) | (flags.includes('O') ? 0x20 : 0);
  const head = Buffer.from([fields.type, fields.code, 0, 0, bits, 0, 0, 0]);
  const message = Buffer.concat([head, ip6(fields.target), ...fields.options]).subarray(0, fields.keep);
  const [from, to] = [ip6(fields.from), ip6(fields.to)];
  if (message.length >= 4) message.writeUInt16BE(fields.checksum ?? checksumOf(from, to, message), 2);
  const header = Buffer.alloc(8);
  header[0] = fields.version << 4;
  header.writeUInt16BE(fields.payloadBytes ?? message.length, 4);
  header[6] = fields.nextHeader;
  header[7] = fields.hopLimit;
  const etherType = Buffer.from([fields.etherType >> 8, fields.etherType & 255]);
  return Buffer.concat([mac6(fields.etherTo), mac6(fields.etherFrom), etherType, header, from, to, message]);
}

const PLAIN = { etherType: 0x86dd, version: 6, nextHeader: 58, hopLimit: 255, code: 0, flags: '' };

/** The group of `address`, RFC 4291 §2.7.1. */
export function groupOf(address: string): string {
  const hex = ip6(address).toString('hex');
  return `ff02::1:ff${hex.slice(26, 28)}:${hex.slice(28)}`;
}

/** 33:33 and the last four bytes, RFC 2464 §7. */
export function groupMacOf(group: string): string {
  return `33:33:${ip6(group)
    .subarray(12)
    .toString('hex')
    .replace(/(..)(?!$)/g, '$1:')}`;
}

/** A multicast solicitation for `target`, as the kernel of Linux sends it, but for what is changed. */
export function solicitation(target: string, change: Partial<NdpFields> = {}): Buffer {
  const to = change.to ?? groupOf(target);
  const etherFrom = change.etherFrom ?? '02:00:00:00:00:c8';
  const isProbe = change.from === '::';
  const etherTo = to.startsWith('ff') ? groupMacOf(to) : '02:00:00:00:00:11';
  const options = isProbe ? [] : [sourceMac(etherFrom)];
  const plain = { ...PLAIN, etherTo, etherFrom, from: 'fd00:10::c8', to, type: 135, target, options };
  return ndpFrame({ ...plain, ...change });
}

/** An unsolicited advertisement for `target` to all nodes, but for what is changed. */
export function advertisement(target: string, change: Partial<NdpFields> = {}): Buffer {
  const to = change.to ?? 'ff02::1';
  const etherFrom = change.etherFrom ?? '02:00:00:00:00:66';
  const etherTo = to.startsWith('ff') ? groupMacOf(to) : '02:00:00:00:00:11';
  const options = [targetMac(etherFrom)];
  const plain = { ...PLAIN, etherTo, etherFrom, from: 'fe80::66', to, type: 136, target, options, flags: 'O' };
  return ndpFrame({ ...plain, ...change });
}
