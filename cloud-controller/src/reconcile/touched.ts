import {
  decodeService,
  type LabelSelector,
  nodePoolOfPoolService,
  type ServiceObject,
  selectorMatches,
} from '@openyurt/nodepool-types';
import type { AddressBook } from '../ipam/address-book.ts';
import type { SiteRanges } from '../ipam/site-ranges.ts';
import type { WorldCache } from '../ports/world-cache.ts';

/** A NodePool that changed, or whose configuration did. */
export interface ChangedNodePool {
  readonly name: string;
  /** Those it had and those it has. */
  readonly labels: readonly Readonly<Record<string, string>>[];
  /** The configuration that was in force and the one that is, where nothing else changed. */
  readonly ranges?: { readonly before: SiteRanges; readonly after: SiteRanges } | undefined;
}

export interface TouchedDeps {
  readonly book: AddressBook;
  readonly cache: WorldCache;
  /** What the last look at each Service came to, `Allocated` where nothing is missing. */
  readonly outcomes: ReadonlyMap<string, string>;
}

/** What is asked of a Service for each NodePool that changes. */
interface Wishes {
  readonly key: string;
  readonly selector: LabelSelector | undefined;
  readonly asksIn: ReadonlyMap<string, unknown>;
  /** How many addresses it may have in one NodePool. */
  readonly most: number;
}

/** Which Services a change of a NodePool can make a difference to. */
export class Touched {
  /** A thousand NodePools may change at once beside ten thousand Services: each is decoded once. */
  readonly #wishes = new WeakMap<ServiceObject, Wishes>();

  constructor(private readonly deps: TouchedDeps) {}

  includes(service: ServiceObject, changed: ChangedNodePool): boolean {
    const wishes = this.#wishesOf(service);
    return this.#mayHave(service, wishes, changed) && !this.#isContent(wishes, changed);
  }

  #wishesOf(service: ServiceObject): Wishes {
    let wishes = this.#wishes.get(service);
    if (wishes === undefined) {
      const { key, nodePoolSelector, requestedByPool, familyPolicy, families } = decodeService(service);
      const most = familyPolicy === 'SingleStack' ? 1 : families.length;
      wishes = { key, selector: nodePoolSelector, asksIn: requestedByPool, most };
      this.#wishes.set(service, wishes);
    }
    return wishes;
  }

  /** Whether it has or asks for something there, or may get something there. */
  #mayHave({ status }: ServiceObject, { key, selector, asksIn }: Wishes, { name, labels }: ChangedNodePool): boolean {
    const { book, cache } = this.deps;
    if (selector === undefined) return true; // every NodePool with addresses, or nobody knows which
    if (labels.some((one) => selectorMatches(selector, one)) || asksIn.has(name)) return true;
    return (
      (status?.loadBalancer?.ingress ?? []).some(({ hostname }) => hostname === name) ||
      book.holdings(key).some(({ nodePool }) => nodePool === name) ||
      cache.poolServices(key).some((one) => nodePoolOfPoolService(one) === name)
    );
  }

  /** Whether it misses nothing anywhere, has all that it may have there, and that lies in the same address pools as before. */
  #isContent({ key, most }: Wishes, { name, ranges }: ChangedNodePool): boolean {
    const { book, outcomes } = this.deps;
    if (ranges === undefined || outcomes.get(key) !== 'Allocated') return false;
    const held = book.holdings(key).filter(({ nodePool }) => nodePool === name);
    if (held.length !== most) return false;
    return held.every(({ address }) => {
      const pool = ranges.after.poolOf(address)?.name;
      return pool !== undefined && pool === ranges.before.poolOf(address)?.name;
    });
  }
}
