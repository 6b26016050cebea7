import {
  type Clock,
  canonicalIp,
  familyOf,
  LbError,
  type Log,
  type Random,
  type SiteConfig,
  type Timers,
} from '@openyurt/nodepool-types';
import { LRUCache } from 'lru-cache';
import type { FrameSocketFactory } from '../ports/frame-socket.ts';
import type { Link, Links } from '../ports/links.ts';
import { formatMac } from '../wire/mac-address.ts';
import type { Effect } from './address-machine.ts';
import type {
  AddressStatus,
  Announceable,
  AnnouncerEvent,
  Count,
  UnannounceableReason,
  WithdrawReason,
} from './announcer-event.ts';
import { chooseLink, isLanLink } from './choose-link.ts';
import { Drive, type Driven } from './drive.ts';
import { DuplicateWatch } from './duplicate-watch.ts';
import { gratuitousFrames, probeFrame } from './gratuitous.ts';
import { LinkSockets } from './link-sockets.ts';
import { Receiver } from './receiver.ts';
import { RepeatLimit } from './repeat-limit.ts';
import { DEFEND_INTERVAL_MS } from './timing.ts';

/** Each report costs a line of log and an Event at the API: who invents a MAC for each frame must not buy one for each. */
const REPORTS_PER_INTERVAL = 32;
const PLACES_REMEMBERED = 8192;

export type AnnounceSettings = Pick<SiteConfig, 'probes' | 'gratuitous' | 'interfaces'>;

export interface AnnouncerParts {
  readonly links: Links;
  readonly sockets: FrameSocketFactory;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  readonly settings: AnnounceSettings;
  readonly count: Count;
  /** Called during `announce`, `withdraw` and from the loop; it may call the announcer again. */
  readonly onEvent: (event: AnnouncerEvent) => void;
}

/**
 * Everything this node says about addresses on its LANs: answers, probes, gratuitous ARP, defence. The hub decides what to
 * announce; an address whose link goes away is withdrawn and told, and announced again only when the hub says so.
 */
export class Announcer {
  private readonly receiver: Receiver;
  private readonly drive: Drive;
  private readonly sockets: LinkSockets;
  private readonly reports = new RepeatLimit(DEFEND_INTERVAL_MS, REPORTS_PER_INTERVAL);
  private readonly duplicates = new DuplicateWatch();
  /** Asked for each address at each judging of the hub: worked out anew only where links or settings changed. */
  private readonly places = new LRUCache<string, Announceable>({ max: PLACES_REMEMBERED });
  private readonly unsubscribe: () => void;
  private settings: AnnounceSettings;
  /** LAN interfaces only: Pods come and go with theirs, and that is none of our business. */
  private links: ReadonlyMap<number, Link>;

  constructor(private readonly parts: AnnouncerParts) {
    const { clock, timers, random, log, settings } = parts;
    this.settings = settings;
    this.links = lanLinks(parts.links.list());
    this.drive = new Drive(clock, timers, random, settings, (driven, effect) => this.perform(driven, effect));
    this.receiver = new Receiver({
      count: parts.count,
      send: (linkIndex, frame) => this.sockets.get(linkIndex)?.send(frame),
      onConflict: (address, byMac) => this.drive.conflict(address, byMac),
      onHandOver: (address, linkIndex, byMac) => this.onHandOver(address, linkIndex, byMac),
    });
    this.sockets = new LinkSockets(parts.sockets, clock, timers, log, {
      onFrame: (linkIndex, frame, stale) => this.receiver.receive(this.links.get(linkIndex), frame, stale),
      onSockets: () => this.recheck(),
    });
    this.unsubscribe = parts.links.onChange((links) => {
      const before = this.links;
      this.links = lanLinks(links);
      if (this.links.size === before.size && [...this.links].every(([i, link]) => before.get(i) === link)) return;
      this.places.clear();
      this.sockets.update(links);
      this.recheck();
    });
  }

  /** Asked before an address is offered to the pool: the right link is up, has its carrier, and frames pass. */
  canAnnounce(address: string): Announceable {
    const place = this.places.get(address) ?? this.placeOf(address);
    this.places.set(address, place);
    if (!place.ok) return place;
    const { link } = place;
    if (!link.up) return no('link-down', `${link.name} is down`);
    if (!link.carrier) return no('no-carrier', `${link.name} has no carrier`);
    const socket = this.sockets.want(link);
    return socket instanceof LbError ? no('socket-refused', socket.message) : place;
  }

  /**
   * Announces `address`; what is announced already is said once more, in a new burst. With `probe` the LAN is asked first
   * (an address new to the pool), without it the address is taken over at once. `quiet`: it was withdrawn a moment ago and
   * nobody has announced it since, so it is answered for again without a burst. `{ ok: false }`: nothing was done.
   */
  announce(address: string, { probe, quiet = false }: { probe: boolean; quiet?: boolean }): Announceable {
    const can = this.canAnnounce(address);
    this.duplicates.forget(address);
    if (can.ok) this.drive.start(address, can.link, probe, quiet);
    return can;
  }

  /** Falls silent at once. Withdrawing what is not announced does nothing. */
  withdraw(address: string): void {
    this.drop(address, 'asked');
  }

  /** The MACs of the other members of the pool, on whatever link of theirs: a claim from one is a hand-over, no conflict. */
  setPoolMacs(macs: Iterable<string>): void {
    this.receiver.poolMacs = new Set([...macs].map((mac) => mac.toLowerCase()));
  }

  /** A new `data.site`. Addresses on links that are no longer allowed are withdrawn. */
  configure(settings: AnnounceSettings): void {
    this.settings = settings;
    this.places.clear();
    this.drive.retime(settings);
    this.recheck();
  }

  status(): AddressStatus[] {
    const now = this.parts.clock.monotonicMs();
    return [...this.drive.all()].map(({ address, link, state }) => ({
      address,
      link: link.name,
      state: state.kind,
      heldMs: state.kind === 'announced' ? now - state.sinceMs : 0,
      ...(state.kind === 'conflicted' ? { byMac: state.byMac, retryMs: Math.max(0, state.dueMs - now) } : {}),
      ...(state.kind === 'announced' ? this.besides(address, now) : {}),
    }));
  }

  private besides(address: string, nowMs: number): { byMac?: string } {
    const byMac = this.duplicates.other(address, nowMs);
    return byMac === undefined ? {} : { byMac };
  }

  /** Withdraws everything without a word and closes the sockets. */
  close(): void {
    this.unsubscribe();
    this.drive.close();
    this.sockets.close();
  }

  /** Where an address belongs, whatever state that link is in. */
  private placeOf(address: string): Announceable {
    if (familyOf(address) !== 'IPv4' || canonicalIp(address) !== address) {
      return no('family-not-announced', `${address} is no IPv4 address`);
    }
    for (const link of this.links.values()) {
      if (link.addresses.some(({ ip }) => ip === address)) return no('own-address', `${link.name} has ${address}`);
    }
    const link = chooseLink(address, [...this.links.values()], this.settings.interfaces);
    if (link === undefined) return no('no-link', `no LAN interface has a subnet for ${address} or the default route`);
    return { ok: true, link };
  }

  private recheck(): void {
    for (const { address, link } of [...this.drive.all()]) {
      const can = this.canAnnounce(address);
      if (!can.ok) this.drop(address, can.reason);
      else if (can.link.index !== link.index) this.drop(address, 'link-changed');
      else this.drive.relink(address, can.link);
    }
    this.parts.onEvent({ kind: 'links-changed' });
  }

  private drop(address: string, reason: WithdrawReason): void {
    const driven = this.drive.get(address);
    if (driven === undefined) return;
    this.drive.stop(address);
    this.duplicates.forget(address);
    this.receiver.fallSilent(address);
    const heldMs = driven.state.kind === 'announced' ? this.parts.clock.monotonicMs() - driven.state.sinceMs : 0;
    this.parts.onEvent({ kind: 'withdrawn', address, link: driven.link.name, reason, heldMs });
  }

  /** Another member announces it too: the hub knows who should. */
  private onHandOver(address: string, linkIndex: number, byMac: string): void {
    const link = this.links.get(linkIndex);
    if (link === undefined) return;
    const now = this.parts.clock.monotonicMs();
    const announced = this.drive.get(address)?.state.kind === 'announced';
    const forMs = announced ? this.duplicates.hear(address, byMac, now) : undefined;
    const kind = forMs === undefined ? 'hand-over' : 'duplicate-owner';
    if (forMs !== undefined) this.parts.count('duplicate_owners', this.receiver.labelsOf(address));
    if (this.reports.pass(`${kind} ${address} ${byMac}`, now) === 0) return;
    const where = { address, link: link.name, byMac };
    if (forMs === undefined) this.parts.onEvent({ kind: 'hand-over', ...where });
    else this.parts.onEvent({ kind: 'duplicate-owner', ...where, ownMac: formatMac(link.mac), forMs });
  }

  /** What the machine of an address asks for. Tables change before frames leave, events come last. */
  private perform({ address, link, state }: Driven, effect: Effect): void {
    const { receiver, parts } = this;
    if (state.kind === 'conflicted') receiver.fallSilent(address);
    else receiver.listen(address, link.index, state.kind);
    switch (effect.kind) {
      case 'send-probe':
        this.sockets.get(link.index)?.send(probeFrame(address, link.mac));
        parts.count('probes_sent', receiver.labelsOf(address));
        return;
      case 'send-gratuitous':
        for (const frame of gratuitousFrames(address, link.mac)) this.sockets.get(link.index)?.send(frame);
        parts.count('gratuitous_sent', receiver.labelsOf(address));
        return;
      case 'report-announced':
        parts.onEvent({ address, link: link.name, ...effect, kind: 'announced' });
        return;
      case 'report-failed':
        parts.onEvent({ address, link: link.name, ...effect, kind: 'failed' });
        return;
      case 'report-conflict': {
        const times = this.reports.pass(`conflict ${address} ${effect.byMac}`, parts.clock.monotonicMs());
        if (times > 0) parts.onEvent({ address, link: link.name, times, ...effect, kind: 'conflict' });
      }
    }
  }
}

function lanLinks(links: readonly Link[]): ReadonlyMap<number, Link> {
  return new Map(links.filter((link) => isLanLink(link, [])).map((link) => [link.index, link]));
}

function no(reason: UnannounceableReason, detail: string): Announceable {
  return { ok: false, reason, detail };
}
