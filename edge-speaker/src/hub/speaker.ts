import { decodeAddressConfig, type NodeFacts, type SiteConfig } from '@openyurt/nodepool-types';
import type { AnnouncerEvent } from '../announce/announcer-event.ts';
import { OBJECTION_MS } from '../announce/timing.ts';
import { ConflictPause } from '../candidates/conflict-pause.ts';
import { NewAddresses, type Newness } from '../candidates/new-addresses.ts';
import type { Candidates } from '../candidates/offers.ts';
import type { View } from '../offline/adopt.ts';
import type { CloudWatch } from '../offline/cloud-watch.ts';
import { EndpointProbes } from '../offline/endpoint-probes.ts';
import { GivenUp } from '../offline/given-up.ts';
import { SiteText } from '../offline/site-text.ts';
import type { NodeWord } from '../ports/report-sink.ts';
import { AnnouncerFacts } from './announcer-facts.ts';
import { CloudFacts, type CloudStep } from './cloud-facts.ts';
import type { Effect, Fact } from './facts.ts';
import { OfferJudge } from './offer-judge.ts';
import { OutageReports } from './outage-reports.ts';
import { OwnReport } from './own-report.ts';
import type { KnownConflict } from './reported-conflicts.ts';
import { ServiceReports } from './service-reports.ts';
import { staleWords } from './stale-words.ts';
import { ToldPool } from './told-pool.ts';

export interface SpeakerParts {
  readonly nodeName: string;
  readonly view: View;
  /** The NodePool the disk remembers. */
  readonly nodePool: string | undefined;
  readonly siteDefaults: SiteConfig;
  readonly linkFor: (address: string) => string | undefined;
  /** Whether another member of the pool claims the address now, and goes on offering it. */
  readonly isHeldElsewhere: (address: string) => boolean;
  readonly monotonicMs: () => number;
  readonly wallMs: () => number;
  /** Draws from [0, 1). */
  readonly random: () => number;
}

/**
 * The hub: one fact in, effects out. It holds what this node knows and decides what it offers; who announces is the pool
 * session's decision, and how is the announcer's.
 */
export class Speaker {
  readonly view: View;
  readonly cloud: CloudWatch;
  /** The endpoints behind the offers, watched while the cloud's word on them does not count. */
  readonly probes: EndpointProbes;
  nodePool: string | undefined;
  private readonly conflicts = new ConflictPause();
  private readonly givenUp = new GivenUp();
  private readonly newAddresses = new NewAddresses();
  private readonly siteText: SiteText;
  private joined: string | undefined;
  private readonly cloudFacts: CloudFacts;
  private readonly offers: OfferJudge;
  private readonly reports: ServiceReports;
  private readonly outages: OutageReports;
  private readonly ownReport: OwnReport;
  private readonly announcerFacts: AnnouncerFacts;
  private readonly told = new ToldPool();
  private swept = '';

  constructor(private readonly parts: SpeakerParts) {
    const { view, nodeName, wallMs } = parts;
    this.view = view;
    this.nodePool = parts.nodePool;
    this.cloudFacts = new CloudFacts(view, parts.monotonicMs());
    this.cloud = this.cloudFacts.watch;
    this.probes = new EndpointProbes(parts.random);
    const { conflicts, probes } = this;
    this.offers = new OfferJudge({ nodeName, view, conflicts, probes, linkFor: parts.linkFor });
    const uidOf = (key: string) => view.services.get(key)?.metadata.uid;
    this.reports = new ServiceReports({ nodeName, uidOf, wallMs });
    const keysOf = (address: string) => this.keysOf(address);
    this.outages = new OutageReports({ nodeName, keysOf, uidOf, wallMs }, view.outage, parts.monotonicMs());
    const uidsOf = (address: string) => this.candidates.byAddress.get(address)?.serviceUids ?? [];
    this.ownReport = new OwnReport({ nodeName, uidsOf, wallMs });
    const { reports, outages, ownReport } = this;
    this.announcerFacts = new AnnouncerFacts({ conflicts, reports, outages, ownReport, keysOf });
    this.siteText = new SiteText(parts.siteDefaults, parts.view.site);
  }

  get candidates(): Candidates {
    return this.offers.candidates;
  }

  /** Since when the cloud has been away, over restarts; undefined: it is there, or only in doubt. Monotonic, also negative. */
  get awaySinceMs(): number | undefined {
    return this.outages.awaySinceMs;
  }

  /** What this node would tell the cloud of itself now. */
  report(): NodeWord {
    const { kind, sinceMs } = this.cloud.link;
    return this.ownReport.read(kind, this.awaySinceMs ?? sinceMs, this.parts.monotonicMs());
  }

  /** The host outside the NodePool that uses an address of ours, as this node heard it last. */
  conflictOf(address: string): KnownConflict | undefined {
    return this.ownReport.conflictOf(address);
  }

  /** The node is cordoned or out of service: what another member offers is handed over. */
  get draining(): boolean {
    return this.view.self.get(this.parts.nodeName)?.unschedulable ?? false;
  }

  get site(): SiteConfig {
    return this.siteText.site;
  }

  /**
   * Whether an address must be probed although a member has claimed it before: another host owned it last time, or it is
   * so new that the member which claimed it may have handed it over in the middle of its own probes, or met an objection.
   *
   * @param resumed it was withdrawn a moment ago, and nobody has announced it since
   */
  mustProbe(address: string, resumed = false): boolean {
    if (this.conflicts.mustProbe(address)) return true;
    const isOwn = resumed || this.ownReport.announces(address);
    return this.newAddresses.mustProbe(address, isOwn, this.newness, this.parts.monotonicMs());
  }

  /** The session knows that some member announced these: they are taken over without a probe from now on, restarts included. */
  remember(addresses: Iterable<string>): void {
    for (const address of addresses) {
      const isOpen = this.conflicts.mustProbe(address) || this.newAddresses.has(address);
      if (!isOpen && this.candidates.byAddress.has(address)) this.view.announced.add(address);
    }
  }

  /** The session begins with what the disk remembers, before the cloud has said a word. */
  start(): Effect[] {
    return [...this.joinPool(), ...this.settle()];
  }

  take(fact: Fact): Effect[] {
    switch (fact.kind) {
      case 'announcer':
        return this.onAnnouncer(fact.event);
      default:
        return this.heard(this.cloudFacts.take(fact, this.nodePool, this.parts.monotonicMs()));
    }
  }

  /** A session has begun: it must hear everything. */
  retell(): Effect[] {
    this.told.forget();
    return this.settle();
  }

  /** The session was told that a claim failed, and has dropped that offer until it is offered anew. */
  claimFailed(address: string): void {
    this.told.forgetOffer(address);
    this.offers.touchAddress(address);
  }

  /**
   * Judges anew what this node offers, as far as it changed: a part of it where that is much, and {@link nextSettleMs} is 0.
   * Cheap to call again: what did not change is not told again.
   */
  settle(): Effect[] {
    const now = this.parts.monotonicMs();
    const heard = this.heard(this.cloudFacts.settle(this.nodePool, now));
    const trusted = this.cloud.trusts(now);
    const { nodePool, view } = this;
    if (nodePool === undefined) {
      view.trustEndpoints(trusted);
      return [...heard, ...this.settleReport(now)];
    }
    const { proven } = this.cloudFacts;
    const members = [...view.membersOf(nodePool)];
    const judged = this.offers.advance({ nodePool, members, trusted, proven }, now);
    const { byAddress, isDue } = this.offers.candidates;
    const { highest: seenRv } = view.services;
    const died = judged.some(({ before, after }) => (before?.endpoints === 'dead') !== (after?.endpoints === 'dead'));
    this.outages.settle((address) => byAddress.get(address)?.endpoints === 'dead', now, died);
    const gone = judged.filter(({ before, after }) => before !== undefined && after === undefined);
    this.givenUp.update(
      gone.map(({ address }) => address),
      byAddress,
      seenRv,
    );
    this.newAddresses.update(judged, view.announced, now);
    const settled = this.newAddresses.takeSettled(this.newness, (address) => this.ownReport.announces(address), now);
    this.remember(settled);
    if (!isDue) this.sweepAnnounced();
    this.conflicts.keep((address) => byAddress.has(address), now);
    const changed = judged.map(({ address }) => address);
    const source = { byAddress, givenUp: this.givenUp.byAddress, proven, seenRv };
    return [
      ...heard,
      ...this.configure(nodePool),
      ...this.told.members(members, this.parts.nodeName),
      ...this.told.offers(changed, source),
      ...this.tellNotes(members, now),
      ...staleWords(judged),
      ...this.settleReport(now),
      ...this.rememberOutage(now, settled.length > 0),
    ];
  }

  /** The process ends: what the disk should know of an absence of the cloud, it should know now. */
  lastWord(): void {
    this.view.outage = this.outages.stored(this.parts.monotonicMs(), true);
  }

  /** Milliseconds until `settle` may find something without a fact: a pause ends, or the cloud is trusted again. */
  nextSettleMs(): number | undefined {
    const now = this.parts.monotonicMs();
    const { candidates } = this.offers;
    if (candidates.isDue && this.nodePool !== undefined) return 0;
    const waits = [
      this.conflicts.nextEndMs(now),
      this.reports.nextMs(candidates, now),
      ...this.cloudFacts.dueMs(now),
      this.probes.settleDueMs(),
      this.outages.storeDueMs(),
      this.ownReport.dueMs(now),
      this.newAddresses.dueMs(this.newness, now),
    ];
    const due = waits.filter((ms) => ms !== undefined);
    return due.length === 0 ? undefined : Math.max(0, Math.min(...due) - now);
  }

  private heard({ effects, learned, turn }: CloudStep): Effect[] {
    if (learned.outlived) this.givenUp.clear();
    return [
      ...effects,
      ...(learned.resources.has('self') ? this.joinPool() : []),
      ...(turn === undefined ? [] : this.outages.turn(turn, this.parts.monotonicMs())),
      ...(turn === undefined ? [] : this.ownReport.turn(turn, this.parts.monotonicMs())),
    ];
  }

  /** Of addresses that the NodePool has no more nothing is remembered. */
  private sweepAnnounced(): void {
    const { announced } = this.view;
    const { byAddress } = this.offers.candidates;
    const looked = `${announced.size} ${byAddress.size}`;
    if (looked === this.swept) return;
    for (const address of announced) if (!byAddress.has(address)) announced.delete(address);
    this.swept = `${announced.size} ${byAddress.size}`;
  }

  private onAnnouncer(event: AnnouncerEvent): Effect[] {
    if (event.kind === 'links-changed') this.offers.touchAll();
    if (event.kind === 'announced' && !this.newAddresses.has(event.address)) this.view.announced.add(event.address);
    // Whoever has it next, also after a restart, asks first.
    if (event.kind === 'failed') this.view.announced.delete(event.address);
    return this.announcerFacts.take(event, this.parts.monotonicMs());
  }

  private get newness(): Newness {
    const { count, intervalMs } = this.site.probes;
    const { isHeldElsewhere } = this.parts;
    return { probingMs: count * intervalMs, objectionMs: OBJECTION_MS, isHeldElsewhere };
  }

  private keysOf(address: string): readonly string[] {
    return this.candidates.byAddress.get(address)?.serviceKeys ?? [];
  }

  private settleReport(nowMs: number): Effect[] {
    const { view, nodePool, candidates } = this;
    const self = view.self.get(this.parts.nodeName);
    return this.ownReport.settle({ self, nodePool, isOfPool: (address) => candidates.byAddress.has(address) }, nowMs);
  }

  /** The own Node's label names the NodePool; a changed label is a farewell and a new session. */
  private joinPool(): Effect[] {
    const self = this.view.self.get(this.parts.nodeName);
    if (self !== undefined || this.view.self.complete) this.nodePool = self?.nodePool;
    const { nodePool } = this;
    if (nodePool === this.joined) return [];
    if (this.joined !== undefined) {
      this.view.announced.clear();
      // Whole for the NodePool that was; of this one nothing is known yet.
      this.view.nodes.complete = false;
      this.view.configs.complete = false;
    }
    this.joined = nodePool;
    this.told.forget();
    this.reports.clear();
    this.offers.reset();
    this.newAddresses.clear();
    this.probes.clear();
    this.givenUp.clear();
    const follow: Effect = { kind: 'follow', nodePool };
    return nodePool === undefined ? [follow, { kind: 'leave' }] : [follow, { kind: 'join', nodePool }];
  }

  private rememberOutage(now: number, touched: boolean): Effect[] {
    const stored = this.outages.stored(now);
    if (stored === this.view.outage) return touched ? [{ kind: 'touch' }] : [];
    this.view.outage = stored;
    return [{ kind: 'touch' }];
  }

  private configure(nodePool: string): Effect[] {
    const config = this.view.configOf(nodePool);
    if (config === undefined && !this.view.configs.complete) return [];
    const { changed, effects } = this.siteText.read(config, (data) =>
      decodeAddressConfig(data, { unknownKeys: 'warn', siteDefaults: this.parts.siteDefaults }),
    );
    this.view.site = this.siteText.decoded;
    return changed ? [...effects, { kind: 'configure', site: this.site }] : effects;
  }

  private tellNotes(nodes: readonly NodeFacts[], now: number): Effect[] {
    const spokesman = nodes.every(({ name }) => name >= this.parts.nodeName);
    return this.reports.notes(this.candidates, this.cloud.link.kind === 'connected', spokesman, now);
  }

  /** Links on which the NodePool's addresses would be announced; empty while none is known. */
  links(): ReadonlySet<string> {
    return this.offers.candidates.links;
  }

  internalIps(): readonly string[] {
    return this.view.self.get(this.parts.nodeName)?.internalIps ?? [];
  }
}
