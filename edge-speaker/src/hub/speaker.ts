import { decodeAddressConfig, type SiteConfig } from '@openyurt/nodepool-types';
import type { AnnouncerEvent } from '../announce/announcer-event.ts';
import { ConflictPause } from '../candidates/conflict-pause.ts';
import type { Candidates } from '../candidates/offers.ts';
import type { View } from '../offline/adopt.ts';
import type { CloudWatch } from '../offline/cloud-watch.ts';
import { EndpointProbes } from '../offline/endpoint-probes.ts';
import { GivenUp } from '../offline/given-up.ts';
import { SiteText } from '../offline/site-text.ts';
import type { NodeWord } from '../ports/report-sink.ts';
import { CloudFacts, type CloudStep } from './cloud-facts.ts';
import type { Effect, Fact } from './facts.ts';
import { KnownAddresses } from './known-addresses.ts';
import { OfferJudge } from './offer-judge.ts';
import type { KnownConflict } from './reported-conflicts.ts';
import { Reporting } from './reporting.ts';
import type { SpeakerParts } from './speaker-parts.ts';
import { staleWords } from './stale-words.ts';
import { ToldPool } from './told-pool.ts';

const TOUCH: Effect = { kind: 'touch' };

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
  private readonly known: KnownAddresses;
  private readonly siteText: SiteText;
  private joined: string | undefined;
  private readonly cloudFacts: CloudFacts;
  private readonly offers: OfferJudge;
  private readonly reporting: Reporting;
  private readonly told = new ToldPool();

  constructor(private readonly parts: SpeakerParts) {
    const { view, nodeName, wallMs } = parts;
    this.view = view;
    this.nodePool = parts.nodePool;
    this.cloudFacts = new CloudFacts(view, parts.monotonicMs());
    this.cloud = this.cloudFacts.watch;
    this.probes = new EndpointProbes(parts.random);
    const { conflicts, probes } = this;
    this.offers = new OfferJudge({ nodeName, view, conflicts, probes, linkFor: parts.linkFor });
    const candidates = () => this.candidates;
    this.reporting = new Reporting({ nodeName, view, conflicts, candidates, wallMs }, parts.monotonicMs());
    this.siteText = new SiteText(parts.siteDefaults, parts.view.site);
    this.known = new KnownAddresses({
      announced: view.announced,
      site: () => this.site,
      isOfPool: (address) => this.candidates.byAddress.has(address),
      heldElsewhereMs: parts.heldElsewhereMs,
      announcedSinceMs: (address) => this.reporting.announcedSinceMs(address),
    });
  }

  get candidates(): Candidates {
    return this.offers.candidates;
  }

  /** Since when the cloud has been away, over restarts; undefined: it is there, or only in doubt. Monotonic, also negative. */
  get awaySinceMs(): number | undefined {
    return this.reporting.awaySinceMs;
  }

  /** What this node would tell the cloud of itself now. */
  report(): NodeWord {
    return this.reporting.read(this.cloud.link, this.parts.monotonicMs());
  }

  /** The host outside the NodePool that uses an address of ours, as this node heard it last. */
  conflictOf(address: string): KnownConflict | undefined {
    return this.reporting.conflictOf(address);
  }

  /** The node is cordoned or out of service: what another member offers is handed over. */
  get draining(): boolean {
    return this.view.self.get(this.parts.nodeName)?.unschedulable ?? false;
  }

  get site(): SiteConfig {
    return this.siteText.site;
  }

  /**
   * Whether an address must be probed although a member has claimed it before: another host objected to it, or it is so new
   * that the member which claimed it may have handed it over in the middle of its own probes, or met an objection.
   *
   * @param resumed it was withdrawn a moment ago, and nobody has announced it since
   */
  mustProbe(address: string, resumed = false): boolean {
    return this.known.mustProbe(address, resumed, this.parts.monotonicMs());
  }

  /** The session knows that some member announced these: they are taken over without a probe from now on, restarts included. */
  remember(addresses: Iterable<string>): void {
    this.known.remember(addresses);
  }

  /** The session begins with what the disk remembers, before the cloud has said a word. */
  start(): Effect[] {
    return [...this.joinPool(), ...this.settle()];
  }

  take(fact: Fact): Effect[] {
    if (fact.kind === 'announcer') return this.onAnnouncer(fact.event);
    return this.heard(this.cloudFacts.take(fact, this.nodePool, this.parts.monotonicMs()));
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
      return [...heard, ...this.reporting.node(nodePool, now)];
    }
    const { proven } = this.cloudFacts;
    const members = [...view.membersOf(nodePool)];
    const judged = this.offers.advance({ nodePool, members, trusted, proven }, now);
    const { byAddress, isDue } = this.offers.candidates;
    const { highest: seenRv } = view.services;
    const gone = judged.filter(({ before, after }) => before !== undefined && after === undefined);
    this.givenUp.update(
      gone.map(({ address }) => address),
      byAddress,
      seenRv,
    );
    const settled = this.known.settle(judged, now);
    const toStore = this.reporting.outage(judged, now) || settled;
    if (!isDue) this.known.sweep(byAddress.size);
    this.conflicts.keep((address) => byAddress.has(address), now);
    const changed = judged.map(({ address }) => address);
    const source = { byAddress, givenUp: this.givenUp.byAddress, proven, seenRv };
    return [
      ...heard,
      ...this.configure(nodePool),
      ...this.told.members(members, this.parts.nodeName),
      ...this.told.offers(changed, source),
      ...this.reporting.notes(members, this.cloud.link.kind === 'connected', now),
      ...staleWords(judged),
      ...this.reporting.node(nodePool, now),
      ...(toStore ? [TOUCH] : []),
    ];
  }

  /** The process ends: what the disk should know of an absence of the cloud, it should know now. */
  lastWord(): void {
    this.reporting.store(this.parts.monotonicMs(), true);
  }

  /** Milliseconds until `settle` may find something without a fact: a pause ends, or the cloud is trusted again. */
  nextSettleMs(): number | undefined {
    const now = this.parts.monotonicMs();
    const { candidates } = this.offers;
    if (candidates.isDue && this.nodePool !== undefined) return 0;
    const waits = [
      this.conflicts.nextEndMs(now),
      ...this.reporting.dueMs(now),
      ...this.cloudFacts.dueMs(now),
      this.probes.settleDueMs(),
      this.known.dueMs(),
    ];
    const due = waits.filter((ms) => ms !== undefined);
    return due.length === 0 ? undefined : Math.max(0, Math.min(...due) - now);
  }

  private heard({ effects, learned, turn }: CloudStep): Effect[] {
    if (learned.outlived) this.givenUp.clear();
    return [
      ...effects,
      ...(learned.resources.has('self') ? this.joinPool() : []),
      ...(turn === undefined ? [] : this.reporting.turn(turn, this.parts.monotonicMs())),
    ];
  }

  private onAnnouncer(event: AnnouncerEvent): Effect[] {
    if (event.kind === 'links-changed') this.offers.touchAll();
    const now = this.parts.monotonicMs();
    const toStore = this.known.announcer(event, now);
    return [...this.reporting.announcer(event, now), ...(toStore ? [TOUCH] : [])];
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
    this.reporting.clear();
    this.offers.reset();
    this.known.clear();
    this.probes.clear();
    this.givenUp.clear();
    const follow: Effect = { kind: 'follow', nodePool };
    return nodePool === undefined ? [follow, { kind: 'leave' }] : [follow, { kind: 'join', nodePool }];
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

  /** Links on which the NodePool's addresses would be announced; empty while none is known. */
  links(): ReadonlySet<string> {
    return this.offers.candidates.links;
  }

  internalIps(): readonly string[] {
    return this.view.self.get(this.parts.nodeName)?.internalIps ?? [];
  }
}
