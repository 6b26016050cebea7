import { familyOf } from '@openyurt/nodepool-types';
import type { FrameMeta } from '../ports/frame-socket.ts';
import type { Link } from '../ports/links.ts';
import { ETHERTYPE_ARP, etherTypeOf } from '../wire/ethernet.ts';
import { formatMac } from '../wire/mac-address.ts';
import type { Effect } from './address-machine.ts';
import type { AddressStatus, Announceable, WithdrawReason } from './announcer-event.ts';
import type { AnnouncerParts, AnnounceSettings } from './announcer-parts.ts';
import { Drive, type Driven } from './drive.ts';
import { DuplicateWatch } from './duplicate-watch.ts';
import { MulticastGroups } from './multicast-groups.ts';
import { NodeSockets } from './node-sockets.ts';
import { no, Placement } from './placement.ts';
import { Receiver } from './receiver.ts';
import { RepeatLimit } from './repeat-limit.ts';
import { StaleFrames } from './stale-frames.ts';
import { DEFEND_INTERVAL_MS } from './timing.ts';
import { Voice } from './voice.ts';

/** Each report costs a line of log and an Event at the API: who invents a MAC for each frame must not buy one for each. */
const REPORTS_PER_INTERVAL = 32;

/**
 * Everything this node says about addresses on its LANs: answers, probes, announcements, defence. The hub decides what to
 * announce; an address whose link goes away is withdrawn and told, and announced again only when the hub says so.
 */
export class Announcer {
  private readonly receiver: Receiver;
  private readonly drive: Drive;
  private readonly placement: Placement;
  private readonly sockets: NodeSockets;
  private readonly groups: MulticastGroups;
  private readonly voice: Voice;
  private readonly reports = new RepeatLimit(DEFEND_INTERVAL_MS, REPORTS_PER_INTERVAL);
  private readonly duplicates: DuplicateWatch;
  private readonly unsubscribe: () => void;
  private closed = false;

  constructor(private readonly parts: AnnouncerParts) {
    const { clock, timers, random, settings, count } = parts;
    this.placement = new Placement(parts.links.list(), settings.interfaces);
    this.duplicates = new DuplicateWatch(settings.refreshMs);
    this.drive = new Drive(clock, timers, random, settings, (driven, effect) => this.perform(driven, effect));
    this.sockets = new NodeSockets({ ...parts, hear: (link) => this.hear(link), onSockets: () => this.recheck() });
    this.groups = new MulticastGroups(this.sockets);
    this.voice = new Voice(this.sockets, random);
    this.receiver = new Receiver({
      count,
      send: (linkIndex, frame) => this.sockets.frames(linkIndex)?.send(frame),
      tellAllNodes: (linkIndex, target, mac) => this.voice.tellAllNodes(linkIndex, target, mac),
      onConflict: (address, byMac) => this.drive.conflict(address, byMac),
      onHandOver: (address, linkIndex, byMac) => this.onHandOver(address, linkIndex, byMac),
    });
    this.receiver.nodeMacs = this.placement.macs();
    this.unsubscribe = parts.links.onChange((links) => {
      if (!this.placement.update(links)) return;
      this.receiver.nodeMacs = this.placement.macs();
      this.sockets.update(this.placement.all);
      this.recheck();
    });
  }

  /** Asked before an address is offered to the pool: the right link is up, has its carrier, and frames pass. */
  canAnnounce(address: string): Announceable {
    if (this.closed) return no('socket-refused', 'this node announces nothing any more');
    const place = this.placement.placeOf(address);
    if (!place.ok) return place;
    const { link } = place;
    if (!link.up) return no('link-down', `${link.name} is down`);
    if (!link.carrier) return no('no-carrier', `${link.name} has no carrier`);
    const refusal = this.sockets.open(link, { ndp: familyOf(address) === 'IPv6' });
    return refusal === undefined ? place : no('socket-refused', refusal.message);
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
    this.placement.allow(settings.interfaces);
    this.duplicates.retime(settings.refreshMs);
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
    this.closed = true;
    this.unsubscribe();
    this.drive.close();
    this.sockets.close();
  }

  /** Each kind of frame waits in a line of its own. */
  private hear(link: Link): (frame: Buffer, meta: FrameMeta) => void {
    const { clock } = this.parts;
    const [arp, ndp] = [new StaleFrames(clock), new StaleFrames(clock)];
    return (frame, { arrivedMs }) => {
      const waited = etherTypeOf(frame) === ETHERTYPE_ARP ? arp : ndp;
      this.receiver.receive(this.placement.link(link.index), frame, waited.isStale(arrivedMs));
    };
  }

  private recheck(): void {
    for (const { address } of [...this.drive.all()]) this.recheckOne(address);
    if (!this.closed) this.parts.onEvent({ kind: 'links-changed' });
  }

  /** What the hub was told of another address may have made it withdraw this one, or close everything. */
  private recheckOne(address: string): void {
    const driven = this.drive.get(address);
    if (driven === undefined) return;
    const can = this.canAnnounce(address);
    if (!can.ok) this.drop(address, can.reason);
    else if (can.link.index !== driven.link.index) this.drop(address, 'link-changed');
    else {
      this.drive.relink(address, can.link);
      const now = this.drive.get(address);
      if (now !== undefined) this.listen(now); // its socket may be another one, without its group
    }
  }

  private drop(address: string, reason: WithdrawReason): void {
    const driven = this.drive.get(address);
    if (driven === undefined) return;
    this.drive.stop(address);
    this.duplicates.forget(address);
    this.fallSilent(address);
    const heldMs = driven.state.kind === 'announced' ? this.parts.clock.monotonicMs() - driven.state.sinceMs : 0;
    this.parts.onEvent({ kind: 'withdrawn', address, link: driven.link.name, reason, heldMs });
  }

  /** Another member announces it too: the hub knows who should. */
  private onHandOver(address: string, linkIndex: number, byMac: string): void {
    const link = this.placement.link(linkIndex);
    if (link === undefined) return;
    const now = this.parts.clock.monotonicMs();
    const announced = this.drive.get(address)?.state.kind === 'announced';
    const forMs = announced ? this.duplicates.hear(address, byMac, now) : undefined;
    const kind = forMs === undefined ? 'hand-over' : 'duplicate-owner';
    if (forMs !== undefined) this.parts.count('duplicate_owners', address);
    if (this.reports.pass(`${kind} ${address} ${byMac}`, now) === 0) return;
    const where = { address, link: link.name, byMac };
    if (forMs === undefined) this.parts.onEvent({ kind: 'hand-over', ...where });
    else this.parts.onEvent({ kind: 'duplicate-owner', ...where, ownMac: formatMac(link.mac), forMs });
  }

  private fallSilent(address: string): void {
    this.receiver.fallSilent(address);
    this.groups.leave(address);
    this.voice.forget(address);
  }

  /** @returns whether it is ours still: a group that cannot be joined takes the socket, and with it the address, away */
  private listen(driven: Driven): boolean {
    const { address, link, state } = driven;
    if (state.kind === 'conflicted') {
      this.fallSilent(address);
      return true;
    }
    if (familyOf(address) === 'IPv6') this.groups.join(address, link.index);
    if (this.drive.get(address) !== driven) return false;
    const nonce = state.kind === 'probing' ? this.voice.nonceFor(address) : undefined;
    this.receiver.listen(address, link.index, state.kind, nonce);
    return true;
  }

  /** What the machine of an address asks for. Groups and tables change before frames leave, events come last. */
  private perform(driven: Driven, effect: Effect): void {
    const { parts } = this;
    const { address, link } = driven;
    if (!this.listen(driven)) return;
    switch (effect.kind) {
      case 'send-probe':
        this.voice.probe(address, link);
        parts.count('probes_sent', address);
        return;
      case 'send-gratuitous':
        this.voice.tell(address, link);
        parts.count('gratuitous_sent', address);
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
