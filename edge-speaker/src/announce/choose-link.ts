import { ipv4Value } from '@openyurt/nodepool-types';
import type { Link } from '../ports/links.ts';
import { isStationMac } from '../wire/mac-address.ts';

/**
 * Interfaces that lead to Pods, containers and tunnels, never to the LAN. By name: the kernel's kind would also rule out
 * honest LAN interfaces (a macvlan or veth as a node's only port).
 */
const VIRTUAL =
  /^(lo|veth|cni|docker|br-[0-9a-f]{12}|flannel|cali|vxlan\.calico|cilium|lxc|kube-|nodelocaldns|tunl|tun|tap|wg|raven|weave|virbr|dummy|ifb)/;

/** Whether `link` may carry announced addresses at all. */
export function isLanLink(link: Link, patterns: readonly string[]): boolean {
  if (VIRTUAL.test(link.name) || !isStationMac(link.mac)) return false;
  return patterns.length === 0 || patterns.some((pattern) => matches(pattern, link.name));
}

/**
 * The interface on which an address is announced: the one whose subnet holds it (the longest prefix first), else the one with
 * the default route, else, where the site names interfaces, the first of those. Links that are down rank after their equals
 * and are still chosen when no equal is up: an address must not wander to another LAN because a cable was pulled.
 *
 * @param address canonical IPv4 text
 * @param patterns names or patterns with `*`; empty: any LAN interface
 */
export function chooseLink(address: string, links: readonly Link[], patterns: readonly string[]): Link | undefined {
  const ip = ipv4Value(address);
  const ranked = links
    .filter((link) => isLanLink(link, patterns))
    .map((link) => ({ link, bits: subnetBits(link, ip) }))
    .filter(({ link, bits }) => bits >= 0 || link.isDefaultRoute || patterns.length > 0)
    .sort(
      (a, b) =>
        b.bits - a.bits ||
        Number(isUp(b.link)) - Number(isUp(a.link)) ||
        Number(b.link.isDefaultRoute) - Number(a.link.isDefaultRoute) ||
        a.link.index - b.link.index,
    );
  return ranked[0]?.link;
}

/** Prefix length of the longest subnet of `link` that holds `ip`, or -1. A /32 is a host, not a LAN. */
function subnetBits(link: Link, ip: number): number {
  let longest = -1;
  for (const { ip: own, prefixBits, family } of link.addresses) {
    if (family !== 'IPv4' || prefixBits >= 32 || prefixBits <= longest) continue;
    const size = 2 ** (32 - prefixBits);
    if (Math.floor(ipv4Value(own) / size) === Math.floor(ip / size)) longest = prefixBits;
  }
  return longest;
}

function isUp(link: Link): boolean {
  return link.up && link.carrier;
}

function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}
