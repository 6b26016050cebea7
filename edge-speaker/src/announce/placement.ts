import { canonicalIp } from '@openyurt/nodepool-types';
import { LRUCache } from 'lru-cache';
import type { Link } from '../ports/links.ts';
import { formatMac } from '../wire/mac-address.ts';
import type { Announceable, UnannounceableReason } from './announcer-event.ts';
import { chooseLink, isLanLink } from './choose-link.ts';

const PLACES_REMEMBERED = 8192;

/** Where each address belongs. Asked for each address at each judging of the hub: worked out anew only where something changed. */
export class Placement {
  private readonly places = new LRUCache<string, Announceable>({ max: PLACES_REMEMBERED });
  /** LAN interfaces only: Pods come and go with theirs, and that is none of our business. */
  private links: ReadonlyMap<number, Link>;

  /** @param patterns names of interfaces the site allows; none: all */
  constructor(
    links: readonly Link[],
    private patterns: readonly string[],
  ) {
    this.links = lanLinks(links);
  }

  /** The LAN interfaces: without those that became a port of another. */
  get all(): readonly Link[] {
    return [...this.links.values()];
  }

  link(index: number): Link | undefined {
    return this.links.get(index);
  }

  /** Of all LAN interfaces of this node. */
  macs(): ReadonlySet<string> {
    return new Set([...this.links.values()].map(({ mac }) => formatMac(mac)));
  }

  /** @returns whether a LAN interface changed */
  update(links: readonly Link[]): boolean {
    const before = this.links;
    this.links = lanLinks(links);
    if (this.links.size === before.size && [...this.links].every(([i, link]) => before.get(i) === link)) return false;
    this.places.clear();
    return true;
  }

  allow(patterns: readonly string[]): void {
    this.patterns = patterns;
    this.places.clear();
  }

  /** The link on which an address is announced when that is up, whatever state it is in. */
  placeOf(address: string): Announceable {
    let place = this.places.get(address);
    if (place === undefined) {
      place = this.workOut(address);
      this.places.set(address, place);
    }
    return place;
  }

  private workOut(address: string): Announceable {
    if (canonicalIp(address) !== address) return no('not-an-address', `${address} is no canonical IP address`);
    for (const link of this.links.values()) {
      // The kernel does not answer for one that failed duplicate detection.
      if (link.addresses.some(({ ip, duplicate }) => ip === address && !duplicate))
        return no('own-address', `${link.name} has ${address}`);
    }
    const link = chooseLink(address, this.all, this.patterns);
    if (link === undefined) return no('no-link', `no LAN interface has a subnet for ${address} or the default route`);
    return { ok: true, link };
  }
}

export function no(reason: UnannounceableReason, detail: string): Announceable {
  return { ok: false, reason, detail };
}

function lanLinks(links: readonly Link[]): ReadonlyMap<number, Link> {
  return new Map(links.filter((link) => isLanLink(link, [])).map((link) => [link.index, link]));
}
