import type { ServiceObject } from '@openyurt/nodepool-types';
import type { AddressBook } from '../ipam/address-book.ts';
import type { WorldCache } from '../ports/world-cache.ts';
import { parseQueueKey, poolQueueKey, serviceQueueKey } from './keys.ts';
import type { NodeAddresses } from './node-addresses.ts';
import type { NodePoolReconciler } from './node-pool-reconciler.ts';
import type { ReportReconciler } from './report-reconciler.ts';
import type { ServiceReconciler } from './service-reconciler.ts';
import type { Sites } from './sites.ts';
import type { TakeOver } from './take-over.ts';
import { Touched } from './touched.ts';
import type { Waiting } from './waiting.ts';

/** Where keys go to be worked on. */
export interface Queue {
  add(key: string): void;
  /** Ahead of the others, in the order given. */
  addFirst(keys: readonly string[]): void;
}

export interface DispatchDeps {
  readonly cache: WorldCache;
  readonly book: AddressBook;
  readonly sites: Sites;
  readonly waiting: Waiting;
  readonly takeOver: TakeOver;
  readonly services: ServiceReconciler;
  readonly nodePools: NodePoolReconciler;
  readonly nodes: NodeAddresses;
  readonly reports: ReportReconciler;
  readonly queue: Queue;
  /** Has what was remembered for a time looked through after so many milliseconds, unless that is to happen sooner. */
  readonly sweepIn: (ms: number) => void;
}

/** Works one key of the queue, then wakes whoever may gain from what it freed. */
export class Dispatch {
  readonly #touched: Touched;

  constructor(private readonly deps: DispatchDeps) {
    this.#touched = new Touched({ book: deps.book, cache: deps.cache, outcomes: deps.services.outcomes });
  }

  /** @throws whatever the API threw; the key is then to be worked on again */
  async work(queueKey: string, signal: AbortSignal): Promise<void> {
    const key = parseQueueKey(queueKey);
    const { services, nodes, reports } = this.deps;
    try {
      if (key.kind === 'service') {
        const written = services.reconcile(key.name, signal);
        this.#wake(key.name); // what it booked holds already; nobody need wait for its write
        await written;
      } else if (key.kind === 'pool') {
        this.#workNodePool(key.name);
        nodes.warn();
      } else if (key.kind === 'report') {
        for (const service of reports.reconcile(key.name)) this.deps.queue.add(serviceQueueKey(service));
      } else if (key.kind === 'sweep') {
        for (const service of reports.sweep()) this.deps.queue.add(serviceQueueKey(service));
        this.deps.book.endRests();
      } else {
        for (const service of nodes.reconcile()) this.deps.queue.add(serviceQueueKey(service));
      }
    } finally {
      this.#wake();
    }
  }

  /** All Services, oldest first. */
  enqueueServices(): void {
    this.#enqueue(oldestFirst(this.deps.cache.services()));
  }

  /** Of ten thousand Services one site may concern ten. The first NodePool and the last one concern all. */
  #workNodePool(name: string): void {
    const { nodePools, sites, cache, takeOver } = this.deps;
    const isKnown = sites.isNodePool(name);
    const before = this.#look(name);
    if (!nodePools.reconcile(name)) return;
    const now = this.#look(name);
    const isAlike = before.says === now.says;
    const changed = {
      name,
      labels: [before.site, now.site].flatMap((site) => (site === undefined ? [] : [site.labels])),
      ranges: isAlike ? before.ranges && now.ranges && { before: before.ranges, after: now.ranges } : undefined,
    };
    const isAll = before.isAny !== now.isAny;
    const all = [...cache.services()];
    const touched = oldestFirst(all.filter((service) => isAll || this.#touched.includes(service, changed)));
    takeOver.of(touched, isKnown ? undefined : name);
    this.#enqueue(touched);
  }

  /** How a NodePool stands. `says`: what of it matters besides its ranges. */
  #look(name: string) {
    const { sites, book } = this.deps;
    const site = sites.all.get(name);
    return { site, says: JSON.stringify(site ?? null), ranges: book.site(name).ranges, isAny: sites.all.size > 0 };
  }

  #enqueue(services: readonly ServiceObject[]): void {
    for (const { metadata } of services) this.deps.queue.add(serviceQueueKey(`${metadata.namespace}/${metadata.name}`));
  }

  /** @param planned the Service that has just had its turn: what was offered to it and is still free goes to the next */
  #wake(planned?: string): void {
    const { book, waiting, sites, queue, nodePools } = this.deps;
    const next = planned === undefined ? [] : waiting.after(planned, book);
    const freed = book.drainFreed();
    next.push(...waiting.wokenBy(freed, book, planned));
    // it may not ask any more for what a configuration would take from it
    const held = planned === undefined ? [] : book.holdings(planned);
    const judged: string[] = [];
    for (const nodePool of new Set([...freed, ...held].map((one) => one.nodePool))) {
      if (!sites.standing(nodePool).awaitsRelease) continue;
      // before those who wait take what it is to have no more
      if (next.length > 0 && nodePools.mayPass(nodePool)) judged.push(poolQueueKey(nodePool));
      else queue.add(poolQueueKey(nodePool));
    }
    if (next.length > 0) queue.addFirst([...judged, ...next.map(serviceQueueKey)]);
    const restMs = book.resting?.nextEndInMs();
    if (restMs !== undefined) this.deps.sweepIn(restMs);
  }
}

function oldestFirst(services: Iterable<ServiceObject>): ServiceObject[] {
  const age = ({ metadata }: ServiceObject) => metadata.creationTimestamp ?? '';
  return [...services].sort((a, b) => (age(a) < age(b) ? -1 : age(a) > age(b) ? 1 : 0));
}
