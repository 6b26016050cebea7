import type { KubeObject } from './object.ts';

/** One change of one object, at the revision it made. */
export interface Change {
  revision: number;
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** after the change; for DELETED the last state, carrying the revision of the deletion */
  object: KubeObject;
  /** before the change */
  previous?: KubeObject;
}

export type ChangeListener = (change: Change) => void;

/** The objects of one kind of thing, whatever API versions show it. Keys are `namespace/name`, or `name`. */
export class Shelf {
  private readonly objects = new Map<string, KubeObject>();
  private sorted: KubeObject[] | undefined;
  private history: Change[] = [];
  /** changes up to this revision are forgotten */
  private forgotten = 0;
  private readonly listeners = new Set<ChangeListener>();

  constructor(private readonly historyLimit: number) {}

  get size(): number {
    return this.objects.size;
  }

  get(key: string): KubeObject | undefined {
    return this.objects.get(key);
  }

  /** Every object, in the order of its key, as etcd returns them. */
  list(): readonly KubeObject[] {
    if (this.sorted === undefined) {
      const keys = [...this.objects.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      this.sorted = keys.flatMap((k) => this.objects.get(k) ?? []);
    }
    return this.sorted;
  }

  /** @returns what changed after `revision`, oldest first, or undefined when that is forgotten */
  since(revision: number): Change[] | undefined {
    if (revision < this.forgotten) return undefined;
    let first = this.history.length;
    while (first > 0 && (this.history[first - 1]?.revision ?? 0) > revision) first--;
    return this.history.slice(first);
  }

  /** The list as it stood at an earlier revision, or undefined when that is forgotten. */
  listAt(revision: number): readonly KubeObject[] | undefined {
    const changes = this.since(revision);
    if (changes === undefined) return undefined;
    if (changes.length === 0) return this.list();
    const then = new Map(this.objects);
    for (const c of changes.reverse()) {
      if (c.previous === undefined) then.delete(keyOf(c.object));
      else then.set(keyOf(c.object), c.previous);
    }
    const keys = [...then.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    return keys.flatMap((k) => then.get(k) ?? []);
  }

  /** The oldest revision a watch may still start from. */
  get oldest(): number {
    return this.forgotten;
  }

  forgetUpTo(revision: number): void {
    this.history = this.history.filter((c) => c.revision > revision);
    this.forgotten = Math.max(this.forgotten, revision);
  }

  listen(listener: ChangeListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  record(change: Change): void {
    const key = keyOf(change.object);
    if (change.type === 'DELETED') this.objects.delete(key);
    else this.objects.set(key, change.object);
    if (change.type === 'MODIFIED' && this.sorted !== undefined && change.previous !== undefined) {
      this.replaceSorted(change.previous, change.object);
    } else this.sorted = undefined;
    this.history.push(change);
    if (this.history.length > 2 * this.historyLimit) {
      const dropped = this.history.splice(0, this.history.length - this.historyLimit);
      this.forgotten = dropped.at(-1)?.revision ?? this.forgotten;
    }
    for (const listener of this.listeners) listener(change);
  }

  /** A change in place keeps the order: no new sort for each status write. The old array may be in a reader's hand. */
  private replaceSorted(before: KubeObject, after: KubeObject): void {
    const list = this.sorted ?? [];
    const key = keyOf(before);
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const there = list[middle];
      if (there !== undefined && keyOf(there) < key) low = middle + 1;
      else high = middle;
    }
    if (list[low] === before) list[low] = after;
    else this.sorted = undefined;
  }
}

export function keyOf(o: KubeObject): string {
  const { namespace, name } = o.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** All shelves and the one counter of revisions they share, as in etcd: every write of anything moves it by one. */
export class Store {
  private current = 1;
  private readonly shelves = new Map<string, Shelf>();

  constructor(private readonly historyLimit: number) {}

  get revision(): number {
    return this.current;
  }

  /** @param id the plural name with its group, e.g. `services` or `leases.coordination.k8s.io` */
  shelf(id: string): Shelf {
    let shelf = this.shelves.get(id);
    if (shelf === undefined) {
      shelf = new Shelf(this.historyLimit);
      shelf.forgetUpTo(this.current);
      this.shelves.set(id, shelf);
    }
    return shelf;
  }

  /** Stores `object` under a new revision, which it gets as its resourceVersion. */
  put(id: string, object: KubeObject): KubeObject {
    const shelf = this.shelf(id);
    const previous = shelf.get(keyOf(object));
    const stored = stamped(object, ++this.current);
    const type = previous === undefined ? 'ADDED' : 'MODIFIED';
    shelf.record({ revision: this.current, type, object: stored, ...(previous === undefined ? {} : { previous }) });
    return stored;
  }

  remove(id: string, object: KubeObject): KubeObject {
    const gone = stamped(object, ++this.current);
    this.shelf(id).record({ revision: this.current, type: 'DELETED', object: gone, previous: object });
    return gone;
  }

  /** Forgets every change so far: a watch from an older revision is then too old (410). */
  compact(): void {
    for (const shelf of this.shelves.values()) shelf.forgetUpTo(this.current);
  }
}

/** The same object at another revision; shares everything but its metadata. */
export function stamped(o: KubeObject, revision: number): KubeObject {
  return { ...o, metadata: { ...o.metadata, resourceVersion: String(revision) } };
}
