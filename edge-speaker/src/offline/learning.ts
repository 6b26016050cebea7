import type { LbError } from '@openyurt/nodepool-types';
import { RESOURCES, type Resource, type View } from './adopt.ts';
import { CloudHistory } from './cloud-history.ts';
import type { LinkTurn } from './cloud-watch.ts';
import { type FeedFact, Homecoming } from './homecoming.ts';

/** Where and when something is learned. */
export interface LearningPlace {
  readonly nodePool: string | undefined;
  /** The link is trusted. */
  readonly connected: boolean;
  readonly nowMs: number;
}

/** What one step of learning did. */
export interface Learned {
  /** Resources of which something was adopted. */
  readonly resources: ReadonlySet<Resource>;
  /** Resources whose proven lists have begun to be older than what is known; nothing of them was taken. */
  readonly stale: readonly Resource[];
  /** A return was adopted without these lists: they did not come in time. */
  readonly late: readonly Resource[];
  /** The cloud has gone back in time, and everything is learned anew. */
  readonly outlived: boolean;
  /** All lists must be asked for again. */
  readonly relist: boolean;
}

/** Lists that are older than what is known are asked for again after this long. */
export const STALE_AGAIN_MS = 300_000;
/** A YurtHub asks the cloud itself for these; Services and EndpointSlices may come from a leader hub. */
const WITNESSES: ReadonlySet<Resource> = new Set(['self', 'nodes', 'configs']);
/** Asked for with the NodePool's name. */
const OF_POOL: readonly Resource[] = ['nodes', 'configs'];
const NOTHING: Learned = { resources: new Set(), stale: [], late: [], outlived: false, relist: false };

/** How the view learns from the feed: what is adopted, when, and what must be asked for again. */
export class Learning {
  /** The Services were listed whole since the last outage, and no staler list came after. */
  fresh = false;
  private readonly homecoming = new Homecoming<Resource>();
  private nodePool: string | undefined;
  private readonly toldStale = new Set<Resource>();
  private staleDueMs: number | undefined;
  private readonly history = new CloudHistory<Resource>(WITNESSES);

  /** @param view what the disk remembers, or nothing */
  constructor(private readonly view: View) {
    // A start from the disk is a return too: an empty view has nothing that could flap.
    if (RESOURCES.some((resource) => view[resource].size > 0)) this.homecoming.leave();
  }

  take(fact: FeedFact<Resource>, place: LearningPlace): Learned {
    this.follow(place);
    const passed = this.homecoming.take(fact, place.nowMs);
    return this.adopt(passed, place);
  }

  /** The server gave no list. Where it will not give one (no right, no such resource), a return does not wait for it. */
  refused(resource: Resource, { code }: LbError, place: LearningPlace): Learned {
    if (code === 'LB_API_REFUSED') this.homecoming.refuse(resource);
    return this.adopt([], place);
  }

  turned({ before, after }: LinkTurn, place: LearningPlace): Learned {
    if (after === 'offline') {
      this.fresh = false;
      this.homecoming.leave();
    } else if (after === 'connected') this.homecoming.arrive(before === 'offline');
    return this.adopt([], place);
  }

  /** Time has passed. */
  settle(place: LearningPlace): Learned {
    this.follow(place);
    const learned = this.adopt([], place);
    const relist = this.history.due(place.nowMs) || this.isStaleDue(place.nowMs);
    return relist ? { ...learned, relist } : learned;
  }

  /** When {@link settle} may do something without a fact. */
  dueMs(): number | undefined {
    const dues = [this.homecoming.dueMs, this.history.dueMs, this.staleDueMs].filter((ms) => ms !== undefined);
    return dues.length === 0 ? undefined : Math.min(...dues);
  }

  private isStaleDue(nowMs: number): boolean {
    if (this.staleDueMs === undefined || nowMs < this.staleDueMs) return false;
    this.staleDueMs = nowMs + STALE_AGAIN_MS;
    return true;
  }

  /** Lists of the NodePool that was must not count for the one that is. */
  private follow({ nodePool }: LearningPlace): void {
    if (nodePool === this.nodePool) return;
    this.nodePool = nodePool;
    this.homecoming.drop(OF_POOL);
  }

  private adopt(passed: readonly FeedFact<Resource>[], place: LearningPlace): Learned {
    const { nodePool, connected, nowMs } = place;
    const expected = RESOURCES.filter((resource) => nodePool !== undefined || !OF_POOL.includes(resource));
    const { facts, late = [] } = this.homecoming.release(expected, connected, nowMs);
    if (passed.length + facts.length === 0) return NOTHING;
    const resources = new Set<Resource>();
    const stale: Resource[] = [];
    let outlived = false;
    for (const fact of [...passed, ...facts]) {
      resources.add(fact.resource);
      if (fact.kind !== 'listed') this.adoptOne(fact, nowMs);
      else {
        const isStale = this.adoptList(fact, nowMs);
        if (!isStale) this.toldStale.delete(fact.resource);
        else if (!this.toldStale.has(fact.resource)) stale.push(fact.resource);
        if (fact.proven && fact.resourceVersion !== undefined)
          outlived = this.history.listed(fact.resource, isStale, nowMs) || outlived;
      }
    }
    for (const resource of stale) this.toldStale.add(resource);
    if (this.toldStale.size === 0) this.staleDueMs = undefined;
    else this.staleDueMs ??= nowMs + STALE_AGAIN_MS;
    if (outlived) this.outlive();
    return { resources, stale, late, outlived, relist: outlived };
  }

  /** @returns whether it is proven and older than what is known */
  private adoptList(fact: Extract<FeedFact<Resource>, { kind: 'listed' }>, nowMs: number): boolean {
    const { resource, objects, resourceVersion, proven } = fact;
    const outcome = this.view.adoptList(resource, objects, resourceVersion, proven, nowMs);
    if (resource === 'services') this.fresh = outcome === 'complete';
    return proven && outcome === 'stale';
  }

  private adoptOne(fact: Exclude<FeedFact<Resource>, { kind: 'listed' }>, nowMs: number): void {
    if (fact.kind === 'changed') this.view.adoptEvent(fact.resource, fact.type, fact.object, nowMs);
    else this.view[fact.resource].seen(fact.resourceVersion);
  }

  private outlive(): void {
    this.fresh = false;
    for (const resource of RESOURCES) this.view[resource].outlive();
    this.homecoming.leave();
  }
}
