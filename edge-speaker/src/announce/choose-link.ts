import type { IpFamily } from '@openyurt/nodepool-types';
import type { Link } from '../ports/links.ts';
import { isStationMac } from '../wire/mac-address.ts';
import { isLinkLocal, subnetBits, wordsOf } from './subnet.ts';

/**
 * Interfaces that lead to Pods, containers and tunnels, never to the LAN. By name: the kernel's kind would also rule out
 * honest LAN interfaces (a macvlan or veth as a node's only port).
 */
const VIRTUAL =
  /^(lo|veth|cni|docker|br-[0-9a-f]{12}|flannel|cali|vxlan\.calico|cilium|lxc|kube-|nodelocaldns|tunl|tun|tap|wg|raven|weave|virbr|dummy|ifb)/;

/** Compiled once for each configuration: every address asks for every link. */
const compiled = new WeakMap<readonly string[], readonly RegExp[]>();

/**
 * Whether `link` may carry announced addresses at all. The port of a bond, bridge or switch may not: its frames are the
 * master's, which has a MAC of its own.
 */
export function isLanLink(link: Link, patterns: readonly string[]): boolean {
  if (link.portOf !== undefined || !isStationMac(link.mac) || VIRTUAL.test(link.name)) return false;
  return patterns.length === 0 || expressionsOf(patterns).some((expression) => expression.test(link.name));
}

/**
 * The interface on which an address is announced: the one whose subnet holds it (the longest prefix first), else the one with
 * the default route of its family, else, where the site names interfaces, the first of those. Links that are down rank after
 * their equals and are still chosen when no equal is up: an address must not wander to another LAN because a cable was pulled.
 * A link-local IPv6 address belongs nowhere: it would be another one on each link. The order is whole, so two interfaces on one LAN never share an address: the same one is chosen each time.
 *
 * @param address canonical text of either family
 * @param patterns names or patterns with `*`; empty: any LAN interface
 */
export function chooseLink(address: string, links: readonly Link[], patterns: readonly string[]): Link | undefined {
  const words = wordsOf(address);
  if (isLinkLocal(words)) return undefined;
  const family: IpFamily = words.length === 1 ? 'IPv4' : 'IPv6';
  const isDefault = (link: Link) => link.defaultRouteOf.includes(family);
  const ranked = links
    .filter((link) => isLanLink(link, patterns))
    .map((link) => ({ link, bits: subnetBits(link, words) }))
    .filter(({ link, bits }) => bits >= 0 || isDefault(link) || patterns.length > 0)
    .sort(
      (a, b) =>
        b.bits - a.bits ||
        // Without a subnet it is the default route that tells the LAN: a name alone does not.
        (a.bits < 0 ? Number(isDefault(b.link)) - Number(isDefault(a.link)) : 0) ||
        Number(isUp(b.link)) - Number(isUp(a.link)) ||
        Number(isDefault(b.link)) - Number(isDefault(a.link)) ||
        a.link.index - b.link.index,
    );
  return ranked[0]?.link;
}

function isUp(link: Link): boolean {
  return link.up && link.carrier;
}

function expressionsOf(patterns: readonly string[]): readonly RegExp[] {
  let expressions = compiled.get(patterns);
  if (expressions === undefined) {
    expressions = patterns.map((pattern) => {
      const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
      return new RegExp(`^${parts.join('.*')}$`);
    });
    compiled.set(patterns, expressions);
  }
  return expressions;
}
