/** Bytes of an Ethernet address. */
export const MAC_BYTES = 6;

/** `02:42:ac:11:00:02`, lower case. @param mac six bytes from `at` on */
export function formatMac(mac: Buffer, at = 0): string {
  const hex = mac.toString('hex', at, at + MAC_BYTES);
  return `${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}:${hex.slice(6, 8)}:${hex.slice(8, 10)}:${hex.slice(10)}`;
}

/** @returns undefined for anything but six hexadecimal pairs joined by colons; either case */
export function parseMac(text: string): Buffer | undefined {
  return /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text) ? Buffer.from(text.replaceAll(':', ''), 'hex') : undefined;
}

/** Whether one station can own this address: not a group (multicast, broadcast), not all zeros. IEEE 802-2014 §8.2. */
export function isStationMac(mac: Buffer): boolean {
  return mac.length === MAC_BYTES && isStationMacAt(mac, 0);
}

/** The same for six bytes inside a frame: a view of them would be garbage for each frame of a flood. */
export function isStationMacAt(b: Buffer, at: number): boolean {
  return !isGroupMacAt(b, at) && !(b[at] === 0 && b[at + 1] === 0 && b.readUInt32BE(at + 2) === 0);
}

/** Multicast or broadcast. */
export function isGroupMacAt(b: Buffer, at: number): boolean {
  return ((b[at] ?? 1) & 1) === 1;
}

export function isBroadcastMacAt(b: Buffer, at: number): boolean {
  return b[at] === 0xff && b[at + 1] === 0xff && b.readUInt32BE(at + 2) === 0xffffffff;
}

/** Whether two places hold the same six bytes. */
export function sameMac(a: Buffer, aAt: number, b: Buffer, bAt: number): boolean {
  for (let i = 0; i < MAC_BYTES; i++) if (a[aAt + i] !== b[bAt + i]) return false;
  return true;
}

/** Six bytes from one place to another; `Buffer.copy` makes a view for a part of a buffer. */
export function copyMac(from: Buffer, fromAt: number, to: Buffer, toAt: number): void {
  for (let i = 0; i < MAC_BYTES; i++) to[toAt + i] = from[fromAt + i] ?? 0;
}
