import type { IpAddress } from '@openyurt/nodepool-types';

/**
 * An address in two parts, so that what is done often is done with plain numbers: `low` is its lower 32 bits; `high`
 * the 96 above them, or undefined for IPv4. Addresses with the same `high` are a block.
 */
export interface Place {
  readonly high: bigint | undefined;
  readonly low: number;
}

export function placeOf({ family, value }: IpAddress): Place {
  return { high: family === 'IPv4' ? undefined : value >> 32n, low: lowOf(value) };
}

export function addressAt({ high, low }: Place): IpAddress {
  return high === undefined
    ? { family: 'IPv4', value: bigintOf(low) }
    : { family: 'IPv6', value: (high << 32n) | bigintOf(low) };
}

/** Through a buffer V8 converts inline; Number(), BigInt() and a mask are three calls into its runtime. */
const window = new DataView(new ArrayBuffer(8));

/** The lower 32 bits. */
export function lowOf(value: bigint): number {
  window.setBigUint64(0, value);
  return window.getUint32(4);
}

/** @param low below 2^32 */
export function bigintOf(low: number): bigint {
  window.setUint32(0, 0);
  window.setUint32(4, low);
  return window.getBigUint64(0);
}

export function sameAddress(a: IpAddress, b: IpAddress): boolean {
  return a.value === b.value && a.family === b.family;
}
