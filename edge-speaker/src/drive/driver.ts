import type { AnnouncerEvent } from '../announce/announcer-event.ts';
import type { Effect, Fact } from '../hub/facts.ts';
import type { PoolSession } from '../pool-session.ts';
import { logAnnouncer } from './announcer-log.ts';
import { logLink } from './cloud-log.ts';
import type { DriverParts } from './driver-parts.ts';
import { feedFacts } from './feed-facts.ts';
import { JudgingPace } from './judging-pace.ts';
import { sessionLinks } from './session-links.ts';
import { SessionTurns } from './session-turns.ts';
import { Strangers } from './strangers.ts';

/** Carries facts to the hub and runs its effects: on the session, the announcer, the feed and the log. */
export class SpeakerDriver {
  private readonly turns = new SessionTurns();
  /** Address → when this node was told to announce it, until its first frame is out. */
  private readonly takingOver = new Map<string, number>();
  private readonly judging: JudgingPace;
  private readonly strangers: Strangers;
  private toldLinks = '';
  private stopped = false;

  constructor(private readonly parts: DriverParts) {
    const { clock, timers } = parts;
    this.judging = new JudgingPace({ clock, timers, judge: () => this.settle() });
    this.strangers = new Strangers({
      timers,
      isMember: (mac) => this.session?.poolMacs().has(mac) ?? false,
      member: ({ address, byMac }) => {
        parts.log.info('a member that was not met yet asked for the address too', { address, byMac });
        parts.speaker.claimFailed(address); // and is offered anew
        this.judging.soon();
      },
      stranger: (objection) => this.tell(objection),
    });
  }

  get session(): PoolSession | undefined {
    return this.turns.session;
  }

  start(): void {
    const { speaker, feed, links } = this.parts;
    links.onChange(() => this.tellLinks());
    this.run(speaker.start());
    this.judging.soon(); // a large view is judged in many turns
    feed.start(feedFacts((fact) => this.take(fact)));
  }

  /** What the announcer tells. It may come while a session's effects run. */
  onAnnouncer(event: AnnouncerEvent): void {
    if (event.kind === 'failed') {
      this.session?.claimFailed(event.address, 'conflict');
      this.strangers.heard(event);
    } else this.tell(event);
  }

  private tell(event: AnnouncerEvent): void {
    const { log, speaker, clock, takenOver } = this.parts;
    logAnnouncer(log, event, (address) => this.servicesOf(address));
    if (event.kind === 'announced') {
      const toldMs = this.takingOver.get(event.address);
      if (toldMs !== undefined) takenOver((clock.monotonicMs() - toldMs) / 1000);
      this.takingOver.delete(event.address);
    }
    if (event.kind === 'withdrawn' && event.reason !== 'asked') this.failClaim(event.address, event.reason);
    const effects = speaker.take({ kind: 'announcer', event });
    this.run(effects);
    // What began or ended here sets the time of the next judging; packets of others do only where they are news.
    const isOfOthers = event.kind === 'conflict' || event.kind === 'hand-over' || event.kind === 'duplicate-owner';
    if (!isOfOthers || effects.length > 0) this.judging.soon();
  }

  /** SIGTERM: hands everything over, then falls silent. */
  async leave(reason: string): Promise<void> {
    this.stopped = true;
    this.judging.stop();
    this.strangers.stop();
    this.parts.feed.stop();
    await this.turns.stop(reason);
    this.parts.announcer.close();
  }

  /** Something that the hub judges by has changed. */
  judgeSoon(): void {
    this.judging.soon();
  }

  private take(fact: Fact): void {
    if (this.stopped) return;
    const effects = this.parts.speaker.take(fact);
    this.run(effects);
    switch (fact.kind) {
      case 'listed':
      case 'changed':
        this.parts.touch();
        this.judging.soon();
        return;
      case 'refused':
      case 'contact': // most say what was known
        if (effects.length > 0) this.judging.soon();
        return;
      default:
        return;
    }
  }

  private settle(): number | undefined {
    const { speaker } = this.parts;
    const effects = speaker.settle();
    this.tellLinks();
    this.run(effects);
    this.parts.judged();
    return speaker.nextSettleMs();
  }

  private run(effects: readonly Effect[]): void {
    for (const effect of effects) this.runOne(effect);
  }

  private runOne(effect: Effect): void {
    const { announcer, feed, log } = this.parts;
    switch (effect.kind) {
      case 'join':
        this.turns.turn(`NodePool is now ${effect.nodePool}`, () => this.beginSession(effect.nodePool));
        return;
      case 'leave':
        log.warn('this node is in no NodePool; nothing is announced', {
          remedy: 'Label the Node apps.openyurt.io/nodepool.',
        });
        this.turns.turn('NodePool label removed', undefined);
        return;
      case 'follow':
        feed.followPool(effect.nodePool);
        return;
      case 'configure':
        announcer.configure(effect.site);
        this.session?.setSite(effect.site);
        this.tellLinks();
        log.info('site configuration in force', { site: effect.site });
        return;
      case 'members':
        this.session?.setMembers(effect.members);
        return;
      case 'offer':
        this.session?.setOffers(effect);
        return;
      case 'offers-changed':
        this.session?.changeOffers(effect);
        return;
      case 'relist':
        feed.relist(effect.which);
        return;
      case 'fail-claim':
        this.failClaim(effect.address, 'conflict');
        return;
      case 'touch':
        this.parts.touch();
        return;
      case 'report':
        this.parts.report(effect.event);
        return;
      case 'tell-cloud':
        this.parts.tellCloud(effect.urgent);
        return;
      case 'link':
        logLink(log, effect);
        this.parts.onLink(effect.after === 'connected');
        return;
      case 'say':
        log[effect.level](effect.msg, effect.fields);
        return;
      case 'trouble':
        log.error('refused', { err: effect.error });
        return;
    }
  }

  private async beginSession(nodePool: string): Promise<void> {
    const { speaker, announcer, log } = this.parts;
    log.info('joining the pool session', { nodePool });
    const session = this.parts.makeSession(nodePool, speaker.site, [...speaker.view.announced], {
      announce: (address, how) => this.announce(address, how),
      withdraw: (address, reason) => {
        // A doubt of ourselves takes them all, is one line of its own, and mostly ends with having them again.
        log[reason === 'paused' ? 'debug' : 'info']('address given up', { address, reason });
        this.takingOver.delete(address);
        announcer.withdraw(address);
      },
      changed: () => announcer.setPoolMacs(session.poolMacs().keys()),
      remember: (addresses) => {
        speaker.remember(addresses);
        this.parts.touch();
      },
    });
    this.turns.session = session;
    await session.start();
    this.toldLinks = '';
    this.tellLinks();
    this.run(speaker.retell());
  }

  private announce(address: string, how: { readonly probe: boolean; readonly resumed: boolean }): void {
    const { announcer, speaker, clock } = this.parts;
    const probe = how.probe || speaker.mustProbe(address, how.resumed);
    if (!how.resumed) this.takingOver.set(address, clock.monotonicMs());
    const answer = announcer.announce(address, { probe, quiet: how.resumed });
    if (answer.ok) return;
    this.takingOver.delete(address);
    this.failClaim(address, answer.reason);
    this.judging.soon();
  }

  private failClaim(address: string, reason: string): void {
    this.session?.claimFailed(address, reason);
    this.parts.speaker.claimFailed(address);
  }

  private tellLinks(): void {
    const { links, speaker } = this.parts;
    this.session?.setDraining(speaker.draining);
    const wishes = {
      announcing: speaker.links(),
      internalIps: speaker.internalIps(),
      patterns: speaker.site.interfaces,
    };
    const lan = sessionLinks(links.list(), wishes);
    const text = JSON.stringify(lan);
    if (text === this.toldLinks) return;
    this.toldLinks = text;
    this.session?.setLinks(lan);
  }

  private servicesOf(address: string): readonly string[] {
    return this.parts.speaker.candidates.byAddress.get(address)?.serviceKeys ?? [];
  }
}
