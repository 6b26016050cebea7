import { isLanLink } from '../announce/choose-link.ts';
import type { Link } from '../ports/links.ts';
import type { LanLink } from '../ports/peer-socket.ts';
import { formatMac } from '../wire/mac-address.ts';

/** What decides where the pool session lives. */
export interface SessionLinkWishes {
  /** Names of the links on which the NodePool's addresses would be announced. */
  readonly announcing: ReadonlySet<string>;
  /** The Node's InternalIPs. */
  readonly internalIps: readonly string[];
  /** `interfaces` of the site. */
  readonly patterns: readonly string[];
}

/**
 * The session lives where the addresses are announced: were it on an uplink of its own, a cut there would look like a
 * death. While no address has a link, the one with the Node's InternalIP will do, else every LAN link with a carrier.
 */
export function sessionLinks(links: readonly Link[], wishes: SessionLinkWishes): LanLink[] {
  const ranked: { link: LanLink; rank: number }[] = [];
  for (const { name, mac, up, carrier, addresses, ...rest } of links) {
    const ip = addresses.find(({ family }) => family === 'IPv4')?.ip;
    const usable = up && carrier && isLanLink({ name, mac, up, carrier, addresses, ...rest }, wishes.patterns);
    if (ip === undefined || !usable) continue;
    const internal = addresses.some((address) => wishes.internalIps.includes(address.ip));
    ranked.push({ link: { name, mac: formatMac(mac), ip }, rank: wishes.announcing.has(name) ? 2 : internal ? 1 : 0 });
  }
  const best = Math.max(...ranked.map(({ rank }) => rank));
  return ranked.filter(({ rank }) => rank === best).map(({ link }) => link);
}
