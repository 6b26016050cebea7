import { decodeResourceVersion, type KubeObject } from '@openyurt/nodepool-types';

/** Where a fact comes from: our own disk, a list that the API was proven present after, one without proof, a watch. */
export type Origin = 'disk' | 'proven-list' | 'unproven-list' | 'watch';

export interface Entry<T> {
  readonly value: T;
  /** 0 for what was read from the disk and is kept there without it. */
  readonly resourceVersion: bigint;
  readonly origin: Origin;
  /** When this value was adopted, on the caller's clock. */
  readonly sinceMs: number;
}

/** What became of a list. `stale`: older than what is known (a leader hub's, a restored cloud's); nothing was taken. */
export type ListOutcome = 'complete' | 'merged' | 'stale';

/** One object of a list or an event, slim; `value` undefined: of no interest, the same as absent. */
export interface Item<T> {
  readonly key: string;
  readonly resourceVersion: bigint;
  readonly value: T | undefined;
}

/**
 * The facts of one resource, and what is believed of lists and events.
 *
 * Absence is not deletion: only a list that the API was proven present after, and that is not older than what is known,
 * takes away what it lacks. A watch's DELETED counts. Nothing goes back to an older resourceVersion.
 */
export class Ledger<T> {
  private readonly held = new Map<string, Entry<T>>();
  /**
   * The resourceVersion up to which this view is whole: of a proven list, an event, a bookmark. A list without proof does
   * not move it on, since deletions before that version may still be unknown here.
   */
  highest = 0n;
  /** When the last complete list was adopted in this process. */
  provenMs: number | undefined;
  /** The versions known are of another history than the cloud's: only a complete list counts. */
  private outlived = false;
  /** Whether a complete list was ever adopted, in this process or in the one that wrote the disk. */
  complete = false;

  /** @param onChange told each key whose value was set, replaced or (undefined) taken away, and what it was before */
  constructor(
    private readonly onChange: (key: string, value: T | undefined, before: T | undefined) => void = () => {},
  ) {}

  get size(): number {
    return this.held.size;
  }

  get(key: string): T | undefined {
    return this.held.get(key)?.value;
  }

  entry(key: string): Entry<T> | undefined {
    return this.held.get(key);
  }

  entries(): IterableIterator<[string, Entry<T>]> {
    return this.held.entries();
  }

  *values(): IterableIterator<T> {
    for (const { value } of this.held.values()) yield value;
  }

  /** Takes what the disk remembers; nothing from the cloud may have been adopted before. */
  restore(items: Iterable<Item<T>>, highest: bigint, complete: boolean, nowMs: number): void {
    for (const item of items) this.set(item, 'disk', nowMs);
    this.highest = highest;
    this.complete = complete;
  }

  /** The cloud has gone back in time: what is held stays, and yields to the next complete list whatever its version. */
  outlive(): void {
    this.outlived = true;
    this.highest = 0n;
  }

  /**
   * @param resourceVersion of the list; undefined: there was none, as in an empty list from an offline hub's cache
   * @param proven the API was seen present after the list was received
   */
  adoptList(
    items: readonly Item<T>[],
    resourceVersion: bigint | undefined,
    proven: boolean,
    nowMs: number,
  ): ListOutcome {
    if (!proven || resourceVersion === undefined) return this.merge(items, nowMs);
    if (resourceVersion < this.highest) return 'stale';
    const listed = new Set<string>();
    for (const item of items) {
      listed.add(item.key);
      if (!this.isAhead(item.key, resourceVersion)) this.set(item, 'proven-list', nowMs);
    }
    for (const key of [...this.held.keys()])
      if (!listed.has(key) && !this.isAhead(key, resourceVersion)) this.drop(key);
    this.highest = resourceVersion;
    this.complete = true;
    this.outlived = false;
    this.provenMs = nowMs;
    return 'complete';
  }

  adoptEvent(type: 'ADDED' | 'MODIFIED' | 'DELETED', item: Item<T>, nowMs: number): void {
    if (this.outlived) return;
    const there = this.held.get(item.key);
    // A fact that the disk keeps without its version is as new as the view was.
    if (there !== undefined && item.resourceVersion < (there.resourceVersion || this.whole)) return;
    // Unknown although the view is whole beyond that version: it was deleted since, and the watch is an old one.
    if (there === undefined && item.resourceVersion <= this.whole) return;
    if (type === 'DELETED') this.drop(item.key);
    else this.set(item, 'watch', nowMs);
    this.seen(item.resourceVersion);
  }

  /** A bookmark, or anything else that moves the resource's version on without changing a fact. */
  seen(resourceVersion: bigint): void {
    if (resourceVersion > this.highest && !this.outlived) this.highest = resourceVersion;
  }

  /**
   * A list without proof may add and renew, never remove. What it has and a once complete view lacks is taken only if
   * newer than that view: else it was deleted since, and the list is an old one from a cache.
   */
  private merge(items: readonly Item<T>[], nowMs: number): ListOutcome {
    if (this.outlived) return 'stale';
    for (const item of items) {
      const there = this.held.get(item.key);
      const known = there?.resourceVersion || this.whole;
      if (item.value === undefined || item.resourceVersion <= known) continue;
      this.set(item, 'unproven-list', nowMs);
    }
    return 'merged';
  }

  /** The version up to which every deletion is known here. */
  private get whole(): bigint {
    return this.complete ? this.highest : -1n;
  }

  /** A list without proof brought it, maybe before a restart, and it is newer than this list: the list knows nothing of it. */
  private isAhead(key: string, resourceVersion: bigint): boolean {
    const there = this.held.get(key);
    return there !== undefined && there.resourceVersion > resourceVersion && !this.outlived;
  }

  private set({ key, resourceVersion, value }: Item<T>, origin: Origin, nowMs: number): void {
    if (value === undefined) {
      this.drop(key);
      return;
    }
    const before = this.held.get(key)?.value;
    this.held.set(key, { value, resourceVersion, origin, sinceMs: nowMs });
    this.onChange(key, value, before);
  }

  private drop(key: string): void {
    const before = this.held.get(key)?.value;
    if (this.held.delete(key)) this.onChange(key, undefined, before);
  }
}

/** An API object as an item, slimmed by `slim`. */
export function itemOf<O extends KubeObject, T>(object: O, slim: (object: O) => T | undefined): Item<T> {
  const { namespace, name = '' } = object.metadata;
  const key = namespace === undefined ? name : `${namespace}/${name}`;
  return { key, resourceVersion: decodeResourceVersion(object), value: slim(object) };
}
