import type { IpFamily } from '@openyurt/nodepool-types';
import { isLanLink } from '../announce/choose-link.ts';
import { isLinkLocal, wordsOf } from '../announce/subnet.ts';
import type { Link, LinkAddress } from '../ports/links.ts';
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
    const ips = sessionIps(name, addresses);
    const usable = up && carrier && isLanLink({ name, mac, up, carrier, addresses, ...rest }, wishes.patterns);
    if (ips.length === 0 || !usable) continue;
    const internal = addresses.some((address) => wishes.internalIps.includes(address.ip));
    ranked.push({ link: { name, mac: formatMac(mac), ips }, rank: wishes.announcing.has(name) ? 2 : internal ? 1 : 0 });
  }
  const best = Math.max(...ranked.map(({ rank }) => rank));
  return ranked.filter(({ rank }) => rank === best).map(({ link }) => link);
}

/**
 * A link-local address serves where a LAN has no other: it needs no router and no configuration (RFC 4862 §5.3). One that
 * is tentative, a second or two after its link came, does not: nothing is sent from it or taken for it, and who would be silent
 * on a link hears no pool there.
 */
function sessionIps(link: string, addresses: readonly LinkAddress[]): string[] {
  const usable = addresses.filter(({ tentative, duplicate }) => !tentative && !duplicate);
  const ofFamily = (wanted: IpFamily) => usable.filter(({ family }) => family === wanted).map(({ ip }) => ip);
  const [ipv4] = ofFamily('IPv4');
  const all = ofFamily('IPv6');
  const ipv6 = all.find((ip) => !isLinkLocal(wordsOf(ip))) ?? all.map((ip) => `${ip}%${link}`)[0];
  return [ipv4, ipv6].filter((ip) => ip !== undefined);
}
