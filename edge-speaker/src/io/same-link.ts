import type { Link, LinkAddress } from '../ports/links.ts';

/** Tells the addresses of one link apart. */
export function addressKey({ ip, prefixBits }: LinkAddress): string {
  return `${ip}/${prefixBits}`;
}

/** Whether nothing that anybody asks for is different. */
export function sameLink(a: Link, b: Link): boolean {
  return (
    a.index === b.index &&
    a.name === b.name &&
    a.up === b.up &&
    a.carrier === b.carrier &&
    a.kind === b.kind &&
    a.portOf === b.portOf &&
    a.defaultRouteOf === b.defaultRouteOf &&
    a.mac.equals(b.mac) &&
    a.addresses.length === b.addresses.length &&
    a.addresses.every((address, i) => sameAddress(address, b.addresses[i]))
  );
}

function sameAddress(a: LinkAddress, b: LinkAddress | undefined): boolean {
  if (b === undefined || addressKey(a) !== addressKey(b)) return false;
  return a.duplicate === b.duplicate && a.tentative === b.tentative;
}
