import { decodeAddressConfig, type NodeFacts, type SiteConfig } from '@openyurt/nodepool-types';
import type { AnnouncerEvent } from './announce/announcer-event.ts';
import { ConflictPause } from './candidates/conflict-pause.ts';
import { NewAddresses } from './candidates/new-addresses.ts';
import { type Candidates, findCandidates } from './candidates/offers.ts';
import type { Effect, Fact } from './facts.ts';
import type { Resource, View } from './offline/adopt.ts';
import { CloudWatch } from './offline/cloud-watch.ts';
import { GivenUp } from './offline/given-up.ts';
import { SiteText } from './offline/site-text.ts';
import { ServiceReports } from './service-reports.ts';
import { ToldPool } from './told-pool.ts';

export interface SpeakerParts {
  readonly nodeName: string;
  readonly view: View;
  /** The NodePool the disk remembers. */
  readonly nodePool: string | undefined;
  readonly siteDefaults: SiteConfig;
  readonly linkFor: (address: string) => string | undefined;
  readonly monotonicMs: () => number;
  readonly wallMs: () => number;
}

/**
 * The hub: one fact in, effects out. It holds what this node knows and decides what it offers; who announces is the pool
 * session's decision, and how is the announcer's.
 */
export class Speaker {
  readonly view: View;
  readonly cloud: CloudWatch;
  nodePool: string | undefined;
  candidates: Candidates = { byAddress: new Map(), notes: [] };
  private readonly conflicts = new ConflictPause();
  private readonly givenUp = new GivenUp();
  private readonly newAddresses = new NewAddresses();
  private readonly siteText: SiteText;
  private joined: string | undefined;
  /** The Services were listed whole in this process, and no staler list came since. */
  private fresh = false;
  private readonly reports: ServiceReports;
  private readonly told = new ToldPool();

  constructor(private readonly parts: SpeakerParts) {
    this.view = parts.view;
    this.nodePool = parts.nodePool;
    this.cloud = new CloudWatch(parts.monotonicMs());
    const uidOf = (key: string) => parts.view.services.get(key)?.metadata.uid;
    this.reports = new ServiceReports({ nodeName: parts.nodeName, uidOf, wallMs: parts.wallMs });
    this.siteText = new SiteText(parts.siteDefaults, parts.view.site);
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
   * so new that the member which claimed it first may have handed it over in the middle of its own probes.
   */
  mustProbe(address: string): boolean {
    return this.conflicts.mustProbe(address) || this.newAddresses.isNew(address, this.parts.monotonicMs());
  }

  /** The session begins with what the disk remembers, before the cloud has said a word. */
  start(): Effect[] {
    return [...this.joinPool(), ...this.settle()];
  }

  take(fact: Fact): Effect[] {
    switch (fact.kind) {
      case 'listed': {
        const { resource, objects, resourceVersion, proven } = fact;
        const outcome = this.view.adoptList(resource, objects, resourceVersion, proven, this.parts.monotonicMs());
        if (resource === 'services') this.fresh = outcome === 'complete';
        const stale: Effect[] = outcome === 'stale' && proven ? [staleList(resource)] : [];
        return [...stale, ...this.joinPool()];
      }
      case 'changed':
        this.view.adoptEvent(fact.resource, fact.type, fact.object, this.parts.monotonicMs());
        return fact.resource === 'self' ? this.joinPool() : [];
      case 'reached':
        this.view[fact.resource].seen(fact.resourceVersion);
        return [];
      case 'contact':
        return this.onContact(fact);
      case 'refused':
        return this.onRefused(fact);
      case 'announcer':
        return this.onAnnouncer(fact.event);
    }
  }

  /** A session has begun: it must hear everything. */
  retell(): Effect[] {
    this.told.forget();
    return this.settle();
  }

  /** The session was told that a claim failed, and has dropped that offer until it is offered anew. */
  claimFailed(): void {
    this.told.forgetOffers();
  }

  /** Judges anew what this node offers. Cheap to call again: what did not change is not told again. */
  settle(): Effect[] {
    const now = this.parts.monotonicMs();
    this.view.trustEndpoints(this.cloud.trusts(now));
    const { nodePool } = this;
    if (nodePool === undefined) return [];
    const proven = this.cloud.link.kind === 'connected' && this.fresh;
    const members = [...this.view.membersOf(nodePool)];
    const before = this.candidates.byAddress;
    this.candidates = this.judge(nodePool, members);
    const { byAddress } = this.candidates;
    this.givenUp.update(before.keys(), byAddress, this.view.services.highest);
    this.newAddresses.update(before, byAddress.keys(), this.view.announced, now);
    for (const address of this.view.announced) if (!byAddress.has(address)) this.view.announced.delete(address);
    this.conflicts.keep((address) => byAddress.has(address), now);
    return [
      ...this.configure(nodePool),
      ...this.told.members(members, this.parts.nodeName),
      ...this.told.offers(this.candidates, this.givenUp, proven, this.view.services.highest),
      ...this.tellNotes(members, now),
    ];
  }

  /** Milliseconds until `settle` may find something without a fact: a pause ends, or the cloud is trusted again. */
  nextSettleMs(): number | undefined {
    const now = this.parts.monotonicMs();
    const { byAddress } = this.candidates;
    const waits = [this.conflicts.nextEndMs(now), this.reports.nextMs(byAddress, now), this.cloud.trustDueMs(now)];
    const due = waits.filter((ms) => ms !== undefined);
    return due.length === 0 ? undefined : Math.max(0, Math.min(...due) - now);
  }

  private onContact({ contact, error }: Extract<Fact, { kind: 'contact' }>): Effect[] {
    const { turn, news } = this.cloud.contact(contact, error, this.parts.monotonicMs());
    if (news !== undefined) {
      return [{ kind: 'say', level: 'warn', msg: 'the cloud does not answer', fields: { err: news } }];
    }
    if (turn === undefined) return [];
    const effect: Effect = { kind: 'link', ...turn };
    if (turn.after !== 'connected') return [effect];
    return [effect, { kind: 'relist', which: turn.before === 'offline' ? 'all' : 'unproven' }];
  }

  private onRefused({ resource, error: err }: Extract<Fact, { kind: 'refused' }>): Effect[] {
    if (!this.cloud.refused(err, this.parts.monotonicMs())) return [];
    return [
      { kind: 'say', level: 'warn', msg: 'the cloud answers, but not with what was asked', fields: { resource, err } },
    ];
  }

  private onAnnouncer(event: AnnouncerEvent): Effect[] {
    const now = this.parts.monotonicMs();
    if (event.kind === 'announced') this.view.announced.add(event.address);
    if (event.kind === 'announced' || event.kind === 'withdrawn') this.reports.announced(event, now);
    if (event.kind !== 'failed' && event.kind !== 'conflict' && event.kind !== 'duplicate-owner') return [];
    const { address, byMac, link } = event;
    const effects: Effect[] = [];
    if (event.kind === 'failed') {
      const pauseMs = this.conflicts.pause(address, byMac, now);
      const fields = { address, byMac, link, retryMs: pauseMs };
      effects.push({ kind: 'fail-claim', address });
      effects.push({ kind: 'say', level: 'warn', msg: 'address belongs to another host', fields });
    }
    if (!this.conflicts.isNews(address, byMac, now)) return effects;
    return [...effects, ...this.reports.conflict(event, this.candidates.byAddress.get(address)?.serviceKeys ?? [])];
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
    this.candidates = { byAddress: new Map(), notes: [] };
    this.givenUp.clear();
    const follow: Effect = { kind: 'follow', nodePool };
    return nodePool === undefined ? [follow, { kind: 'leave' }] : [follow, { kind: 'join', nodePool }];
  }

  private judge(nodePool: string, members: readonly NodeFacts[]): Candidates {
    const { nodeName, linkFor, monotonicMs } = this.parts;
    const now = monotonicMs();
    return findCandidates({
      nodeName,
      nodePool,
      poolNodes: new Set([nodeName, ...members.map(({ name }) => name)]),
      excluded: this.view.self.get(nodeName)?.excluded ?? false,
      services: this.view.services.values(),
      endpointsOf: (key) => this.view.endpoints.of(key),
      endpointsKnown: this.view.slices.complete,
      linkFor,
      inConflict: (address) => this.conflicts.isPaused(address, now),
    });
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
  links(): Set<string> {
    const names = new Set<string>();
    for (const { link } of this.candidates.byAddress.values()) if (link !== undefined) names.add(link);
    return names;
  }

  internalIps(): readonly string[] {
    return this.view.self.get(this.parts.nodeName)?.internalIps ?? [];
  }
}

function staleList(resource: Resource): Effect {
  const fields = {
    resource,
    remedy: 'If the cluster was restored from a backup, delete the cache folder and restart.',
  };
  return { kind: 'say', level: 'warn', msg: 'list older than what is known; not adopted', fields };
}
