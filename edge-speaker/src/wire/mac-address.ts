/** Bytes of an Ethernet address. */
export const MAC_BYTES = 6;

/** `02:42:ac:11:00:02`, lower case. @param mac six bytes */
export function formatMac(mac: Buffer): string {
  const hex = mac.toString('hex', 0, MAC_BYTES);
  return `${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}:${hex.slice(6, 8)}:${hex.slice(8, 10)}:${hex.slice(10)}`;
}

/** @returns undefined for anything but six hexadecimal pairs joined by colons; either case */
export function parseMac(text: string): Buffer | undefined {
  return /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text) ? Buffer.from(text.replaceAll(':', ''), 'hex') : undefined;
}

/** Whether one station can own this address: not a group (multicast, broadcast), not all zeros. IEEE 802-2014 §8.2. */
export function isStationMac(mac: Buffer): boolean {
  return mac.length === MAC_BYTES && ((mac[0] ?? 1) & 1) === 0 && !isZeroMac(mac);
}

export function isBroadcastMac(mac: Buffer): boolean {
  return mac.length === MAC_BYTES && mac.readUInt32BE(0) === 0xffffffff && mac.readUInt16BE(4) === 0xffff;
}

function isZeroMac(mac: Buffer): boolean {
  return mac.readUInt32BE(0) === 0 && mac.readUInt16BE(4) === 0;
}
