import type { KubeObject } from '@openyurt/nodepool-types';

/** `object` is the new state, or the last one when it went away. */
export interface StoreHandler<T> {
  changed(key: string, object: T, before: T | undefined): void;
  removed(key: string, object: T): void;
}

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Objects of one kind by `namespace/name` (or name). Never goes back to an older resourceVersion, unless the API itself
 * does: its etcd was restored from a backup.
 */
export class ObjectStore<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #handlers: StoreHandler<T>[] = [];

  static keyOf({ metadata: { namespace, name } }: KubeObject): string {
    return namespace === undefined ? (name ?? '') : `${namespace}/${name ?? ''}`;
  }

  on(handler: StoreHandler<T>): void {
    this.#handlers.push(handler);
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  values(): Iterable<T> {
    return this.#objects.values();
  }

  get size(): number {
    return this.#objects.size;
  }

  /**
   * A whole list: what it lacks is gone.
   *
   * @param version resourceVersion of the list; what is known and older than it yields, to an older state too
   * @param restored the list is of another history than what is known: all of it yields
   */
  replace(found: ReadonlyMap<string, T>, version = '', restored = false): void {
    for (const [key, object] of [...this.#objects]) {
      if (!found.has(key)) this.#drop(key, object);
    }
    for (const [key, object] of found) {
      const before = this.#objects.get(key);
      const goesBack = before !== undefined && before.metadata.uid === object.metadata.uid && isOlder(object, before);
      // The answer of a write of our own may be newer than a list that was under way.
      if (goesBack && (restored || !isAfter(before.metadata.resourceVersion, version))) this.#set(key, object, before);
      else this.put(object);
    }
  }

  /** Also for the answer of our own write, so that the next decision sees it. An older state is ignored. */
  put(object: T): void {
    const key = ObjectStore.keyOf(object);
    const before = this.#objects.get(key);
    if (before !== undefined && before.metadata.uid === object.metadata.uid && !isNewer(object, before)) return;
    this.#set(key, object, before);
  }

  /** Puts the answer of a write in, unless the object went away meanwhile. Tells nobody: the writer knows. */
  wrote(object: T): void {
    const key = ObjectStore.keyOf(object);
    const before = this.#objects.get(key);
    if (before === undefined || before.metadata.uid !== object.metadata.uid || !isNewer(object, before)) return;
    this.#objects.set(key, slim(object));
  }

  remove(object: T): void {
    const key = ObjectStore.keyOf(object);
    const before = this.#objects.get(key);
    if (before !== undefined && before.metadata.uid === object.metadata.uid) this.#drop(key, object);
  }

  #set(key: string, object: T, before: T | undefined): void {
    this.#objects.set(key, slim(object));
    for (const handler of this.#handlers) handler.changed(key, object, before);
  }

  #drop(key: string, object: T): void {
    this.#objects.delete(key);
    for (const handler of this.#handlers) handler.removed(key, object);
  }
}

function isNewer(a: KubeObject, b: KubeObject): boolean {
  const [left, right] = [a.metadata.resourceVersion ?? '', b.metadata.resourceVersion ?? ''];
  return isNumeric(left, right) ? BigInt(left) > BigInt(right) : left !== right;
}

function isOlder(a: KubeObject, b: KubeObject): boolean {
  return isAfter(b.metadata.resourceVersion, a.metadata.resourceVersion ?? '');
}

/** @returns false where one of them is no number: nothing is known of their order */
export function isAfter(left = '', right = ''): boolean {
  return isNumeric(left, right) && BigInt(left) > BigInt(right);
}

function isNumeric(...versions: string[]): boolean {
  return versions.every((version) => /^\d+$/.test(version));
}

/** What nobody reads costs the most memory: field ownership, kubectl's copy in an annotation, a Node's list of images. */
function slim<T extends KubeObject>(object: T): T {
  const metadata: T['metadata'] & { managedFields?: unknown } = object.metadata;
  delete metadata.managedFields;
  if (metadata.annotations !== undefined) delete metadata.annotations[LAST_APPLIED];
  const { status } = object as { status?: { images?: unknown } };
  if (status !== undefined) delete status.images;
  return object;
}
