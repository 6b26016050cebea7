import { checksumOf, ip6, solicitation, sourceMac } from '../ndp-frames.ts';

export interface Solicitation {
  /** Six bytes. */
  readonly mac: Buffer;
  readonly source: string;
  readonly target: string;
  /** Default: the target's solicited-node group, and its MAC. */
  readonly to?: { readonly address: string; readonly mac: Buffer };
  /** Default true: with the source link-layer address option. */
  readonly withMac?: boolean;
  readonly hopLimit?: number;
  readonly code?: number;
  readonly checksum?: number;
}

/** A neighbour solicitation as a whole Ethernet frame (RFC 4861 §4.3), right or wrong as told. */
export function solicitationFrame({ mac, source, target, to, withMac = true, ...wrong }: Solicitation): Buffer {
  const etherFrom = mac.toString('hex');
  const one = to && { to: to.address, etherTo: to.mac.toString('hex') };
  const options = withMac ? [sourceMac(etherFrom)] : [];
  return solicitation(target, { etherFrom, from: source, options, ...one, ...wrong });
}

/** A neighbour advertisement taken apart, the parts as text. */
export interface Advertisement {
  readonly toMac: string;
  readonly source: string;
  readonly destination: string;
  readonly hopLimit: number;
  readonly checksumRight: boolean;
  readonly flags: string;
  readonly target: string;
  /** Of the target link-layer address option, the first option. */
  readonly mac: string;
}

/** Reads a frame (RFC 8200 §3, RFC 4861 §4.4), or undefined for what is no neighbour advertisement. */
export function readAdvertisement(frame: Buffer): Advertisement | undefined {
  if (frame.length < 78 || frame.readUInt16BE(12) !== 0x86dd || frame[20] !== 58 || frame[54] !== 136) return undefined;
  const flags = frame[58] ?? 0;
  const text = (from: number, to: number) => frame.toString('hex', from, to);
  const message = frame.subarray(54, 54 + frame.readUInt16BE(18));
  return {
    toMac: text(0, 6),
    source: text(22, 38),
    destination: text(38, 54),
    hopLimit: frame[21] ?? 0,
    checksumRight: checksumOf(frame.subarray(22, 38), frame.subarray(38, 54), message) === 0,
    flags: `${flags & 0x80 ? 'R' : ''}${flags & 0x40 ? 'S' : ''}${flags & 0x20 ? 'O' : ''}`,
    target: text(62, 78),
    mac: text(80, 86),
  };
}

/** An address as the 32 digits in {@link Advertisement}. */
export const digitsOf = (address: string): string => ip6(address).toString('hex');
