import type { KubeObject } from '../api-server/object.ts';
import { same } from '../api-server/object.ts';
import { type Change, keyOf, stamped } from '../api-server/store.ts';
import { versionOf } from './disk-cache.ts';

/** A watch that begins further back is told 410. */
const HISTORY = 1000;

/** The objects of one pool-scoped resource as the hub last saw them, and their changes for its clients' watches. */
export class PoolMemory {
  /** false: still filling, or lost with the API server; lists and watches get 429 */
  ready = false;
  /** the newest state seen */
  revision = 0;
  /** a first list has come */
  private known = false;
  private objects = new Map<string, KubeObject>();
  private history: Change[] = [];
  /** changes up to this revision are not known */
  private forgotten = 0;
  private readonly listeners = new Set<(change: Change) => void>();
  private readonly watches = new Set<() => void>();

  /** In the order of their keys. */
  list(): KubeObject[] {
    return [...this.objects].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, o]) => o);
  }

  /** A whole list: what differs from before is told as changes, also what is gone. */
  replace(items: readonly KubeObject[], revision: number): void {
    const before = this.objects;
    const next = new Map(items.map((o) => [keyOf(o), o]));
    const gone = [...before].filter(([key]) => !next.has(key)).map(([, o]) => o);
    const now = Math.max(revision, this.revision);
    if (!this.known) {
      this.known = true;
      this.objects = next;
      this.forgotten = revision;
    } else {
      for (const o of items) {
        const known = before.get(keyOf(o));
        if (known === undefined || !same(known, o)) this.record(o, Math.max(versionOf(o), this.revision));
      }
      for (const o of gone) this.erase(o, now);
    }
    this.revision = now;
    this.ready = true;
  }

  /** One event of the hub's own watch. */
  apply(type: string, object: KubeObject): void {
    const revision = Math.max(versionOf(object), this.revision);
    if (type === 'DELETED') this.erase(object, revision);
    else this.record(object, revision);
    this.revision = revision;
  }

  private record(object: KubeObject, revision: number): void {
    const previous = this.objects.get(keyOf(object));
    this.objects.set(keyOf(object), object);
    const type = previous === undefined ? 'ADDED' : 'MODIFIED';
    this.tell({ revision, type, object, ...(previous === undefined ? {} : { previous }) });
  }

  private erase(object: KubeObject, revision: number): void {
    const previous = this.objects.get(keyOf(object));
    if (previous === undefined) return;
    this.objects.delete(keyOf(object));
    this.tell({ revision, type: 'DELETED', object: stamped(previous, revision), previous });
  }

  private tell(change: Change): void {
    this.history.push(change);
    if (this.history.length > HISTORY) this.forgotten = this.history.shift()?.revision ?? this.forgotten;
    for (const listener of [...this.listeners]) listener(change);
  }

  /** @returns what came after `revision`, or undefined when that is too long ago */
  since(revision: number): Change[] | undefined {
    return revision < this.forgotten ? undefined : this.history.filter((c) => c.revision > revision);
  }

  get oldest(): number {
    return this.forgotten;
  }

  /** @param end called when the memory gives its watches up @returns takes both back */
  follow(listener: (change: Change) => void, end: () => void): () => void {
    this.listeners.add(listener);
    this.watches.add(end);
    return () => {
      this.listeners.delete(listener);
      this.watches.delete(end);
    };
  }

  /** Ends every client's watch, cleanly. */
  endWatches(): void {
    for (const end of [...this.watches]) end();
  }
}
