import type { SiteConfig } from '@openyurt/nodepool-types';
import type { Standing } from './election/offer.ts';
import type { ChannelEvents, LanLink, PeerChannel } from './ports/peer-socket.ts';
import { EffectRunner } from './session/effect-runner.ts';
import type { Fact, KnownMember, MemberSnapshot } from './session/facts.ts';
import { OpenChannels } from './session/open-channels.ts';
import { PoolKeyRing } from './session/pool-keys.ts';
import { PoolMachine } from './session/pool-machine.ts';
import type { OfferChanges, OwnOffers, PoolSessionOptions } from './session/pool-session-options.ts';

export type { OfferItem } from './election/offer.ts';
export type { LanLink } from './ports/peer-socket.ts';
export type { KnownMember, MemberSnapshot, WithdrawReason } from './session/facts.ts';
export type { OfferChanges, OwnOffers, PoolSessionEvents, PoolSessionOptions } from './session/pool-session-options.ts';

/** How long a leaving member waits for its successors. */
const LEAVE_MS = 600;
const REMEMBER_EVERY_MS = 1000;

/**
 * A member of its NodePool's session: finds the others, tells them what this node can announce, and says when to
 * announce and when to fall silent. Runs the pool machine over a socket, a clock and timers, all handed in.
 *
 * Nothing is claimed before {@link setLinks} named a link, and before the pool was heard: every member of
 * {@link setMembers} in session, or known not to be there, or 350 ms of silence.
 */
export class PoolSession {
  private readonly machine: PoolMachine;
  private readonly channels: OpenChannels;
  private readonly effects: EffectRunner;
  private readonly waiting: Fact[] = [];
  private running = false;
  private closed = false;
  private draining = false;
  private timerMs = Infinity;
  private cancelTimer = (): void => {};
  private cancelRemember: (() => void) | undefined;
  /** Set while a claim waits to be told. */
  private cancelTell: (() => void) | undefined;
  private ring: PoolKeyRing;
  private readonly stopKeys: () => void;
  private onEmpty: (() => void) | undefined;

  constructor(private readonly options: PoolSessionOptions) {
    const { node, incarnation, site, port, clock, randomBytes, announcedBefore = [] } = options;
    const ring = this.readKeys();
    this.ring = ring;
    const startMs = clock.monotonicMs();
    this.machine = new PoolMachine({ node, incarnation, site, port, randomBytes, ring, startMs, announcedBefore });
    this.channels = new OpenChannels(options.socket, {
      up: (channel) => this.step({ kind: 'channel-up', channel }),
      data: (channel, bytes) => this.step({ kind: 'channel-data', channel, bytes }),
      down: (channel, how) => this.step({ kind: 'channel-down', channel, how }),
    });
    this.effects = new EffectRunner(options, this.channels);
    this.stopKeys = options.keys.onChange(() => {
      this.ring = this.readKeys();
      this.step({ kind: 'keys', ring: this.ring });
    });
  }

  /** Opens the ports and begins. A taken port is told by name in the log, and another one used. */
  async start(): Promise<void> {
    const ports = await this.options.socket.open({
      datagram: (bytes, from) => this.step({ kind: 'datagram', bytes, from }),
      pskOf: (identity) => this.ring.ofIdentity(identity)?.psk,
      accepted: (channel, identity) => this.accepted(channel, identity),
      dropped: (reason) => this.options.count(reason),
    });
    this.step({ kind: 'bound', ports });
  }

  /** The cached Node list of this NodePool; this node itself may be in it. */
  setMembers(members: readonly KnownMember[]): void {
    this.step({ kind: 'members', members });
  }

  /** The LAN links that have a carrier. A link that comes is a reason to hear the pool anew; an address's own link going is said by {@link claimFailed}. */
  setLinks(links: readonly LanLink[]): void {
    this.options.socket.setLinks(links);
    this.step({ kind: 'links', links });
  }

  /**
   * All this node is able to announce, and what was given up. An address that is missing now is handed over where
   * another member offers it (up to 500 ms), else withdrawn at once.
   */
  setOffers({ items, seenRv }: OwnOffers): void {
    this.step({ kind: 'offers', items, seenRv });
  }

  /** The same, where little of it changed: what it does not name stays. */
  changeOffers({ set, gone, seenRv }: OfferChanges): void {
    this.step({ kind: 'offers-changed', set, gone, seenRv });
  }

  /** This node is to be emptied: it hands over what another member offers, and keeps the rest. */
  setDraining(draining: boolean): void {
    if (draining === this.draining) return;
    this.draining = draining;
    this.step({ kind: 'draining', draining });
  }

  setSite(site: SiteConfig): void {
    this.step({ kind: 'site', site });
  }

  /**
   * This node cannot announce `address` now (a probe found another host, the link went): withdrawn at once, offered no
   * more until the next {@link setOffers}, which must leave it out for as long as that holds.
   */
  claimFailed(address: string, reason: string): void {
    this.options.log.info('address cannot be announced here', { address, reason });
    // In answer to an announce it comes before the claim is told: who holds the address goes on holding it.
    if (this.running) for (const effect of this.machine.fail(address)) this.effects.run(effect);
    else this.step({ kind: 'failed', address });
  }

  /** Address → node that announces it, as last claimed. */
  owners(): ReadonlyMap<string, string> {
    return this.machine.owners();
  }

  /** How long another member has held the address, ms; undefined: nobody does, or did until a death a moment ago. */
  heldElsewhereMs(address: string): number | undefined {
    return this.machine.heldElsewhereMs(address);
  }

  members(): readonly MemberSnapshot[] {
    return this.machine.members();
  }

  /** How this node stands in the pool, and milliseconds until a young one is ready, unless something is wrong meanwhile. */
  ownStanding(): { readonly standing: Standing; readonly readyInMs?: number } {
    return this.machine.ownStanding();
  }

  /** MAC → node, of every other member's LAN links: their ARP is a hand-over, never a conflict. */
  poolMacs(): ReadonlyMap<string, string> {
    return this.machine.macs();
  }

  /** The pool has been heard: what this node should hold, it holds. */
  get settled(): boolean {
    return this.machine.settled;
  }

  /** Says farewell and hands over. Resolves when nothing is held any more, within 600 ms. {@link close} comes after it. */
  async leave(reason: string): Promise<void> {
    if (this.closed) return;
    const empty = new Promise<void>((resolve) => {
      this.onEmpty = resolve;
    });
    const cancel = this.options.timers.after(LEAVE_MS, () => this.onEmpty?.());
    this.step({ kind: 'leave', reason });
    await empty;
    cancel();
  }

  /** Ends every session. Without {@link leave} before it the others see a death. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.cancelTimer();
    this.cancelRemember?.();
    this.cancelTell?.();
    this.stopKeys();
    this.channels.close();
    await this.options.socket.close();
  }

  private readKeys(): PoolKeyRing {
    return new PoolKeyRing(this.options.keys.current(), this.options.nodePool);
  }

  /** Facts that arrive while effects run (the hub answering an announce, say) wait for their turn. */
  private step(fact: Fact): void {
    if (this.closed) return;
    this.waiting.push(fact);
    if (this.running) return;
    this.running = true;
    try {
      for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) this.stepOne(next);
    } finally {
      this.running = false;
    }
    this.schedule();
    if (this.machine.holds === 0) this.onEmpty?.();
  }

  private stepOne(fact: Fact): void {
    const effects = this.machine.step(fact, this.options.clock.monotonicMs());
    let changed = false;
    let announced = false;
    for (const effect of effects) {
      this.effects.run(effect);
      announced ||= effect.kind === 'announce';
      changed ||= effect.kind === 'changed' || effect.kind === 'announce' || effect.kind === 'withdraw';
    }
    if (announced) this.tellSoon();
    else if (this.cancelTell === undefined) this.tell();
    if (!changed) return;
    this.options.on.changed();
    this.cancelRemember ??= this.options.timers.after(REMEMBER_EVERY_MS, () => this.remember());
  }

  /**
   * Who hears a claim falls silent at once. This process answers questions only when its turn is over, so a turn of the loop
   * comes between: the questions that came meanwhile are answered here before they are answered nowhere else.
   */
  private tellSoon(): void {
    this.cancelTell ??= this.options.timers.after(0, () => {
      this.cancelTell = undefined;
      if (!this.closed) this.tell();
    });
  }

  private tell(): void {
    for (const effect of this.machine.tell()) this.effects.run(effect);
  }

  private accepted(channel: PeerChannel, identity: string): ChannelEvents | undefined {
    if (this.closed) return undefined;
    const number = this.machine.newChannel();
    const events = this.channels.add(number, channel);
    this.step({ kind: 'accepted', channel: number, remote: channel.remote, identity });
    return events;
  }

  private schedule(): void {
    const dueMs = this.machine.dueMs();
    if (dueMs === this.timerMs || this.closed) return;
    this.cancelTimer();
    this.timerMs = dueMs;
    if (dueMs === Infinity) return;
    // Whole milliseconds, up: a timer that is early by part of one is one more.
    const inMs = Math.max(1, Math.ceil(dueMs - this.options.clock.monotonicMs()));
    this.cancelTimer = this.options.timers.after(inMs, () => {
      this.timerMs = Infinity;
      this.step({ kind: 'tick' });
    });
  }

  private remember(): void {
    this.cancelRemember = undefined;
    const addresses = this.machine.takeMemory();
    if (addresses !== undefined) this.options.on.remember(addresses);
  }
}
