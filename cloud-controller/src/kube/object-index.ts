import type { KubeObject } from '@openyurt/nodepool-types';
import type { ObjectStore } from './object-store.ts';

/** The objects of a store by something they say. Undefined: not indexed. */
export class ObjectIndex<T extends KubeObject> {
  readonly #byTerm = new Map<string, Set<string>>();
  readonly #termOf = new Map<string, string>();

  constructor(
    private readonly store: ObjectStore<T>,
    private readonly term: (object: T) => string | undefined,
  ) {
    store.on({ changed: (key, object) => this.#changed(key, object), removed: (key) => this.#take(key) });
  }

  get(term: string): readonly T[] {
    const objects: T[] = [];
    for (const key of this.#byTerm.get(term) ?? []) {
      const object = this.store.get(key);
      if (object !== undefined) objects.push(object);
    }
    return objects;
  }

  keys(): Iterable<string> {
    return this.#byTerm.keys();
  }

  #changed(key: string, object: T): void {
    const term = this.term(object);
    if (this.#termOf.get(key) === term) return;
    this.#take(key);
    if (term === undefined) return;
    this.#termOf.set(key, term);
    const set = this.#byTerm.get(term);
    if (set === undefined) this.#byTerm.set(term, new Set([key]));
    else set.add(key);
  }

  #take(key: string): void {
    const term = this.#termOf.get(key);
    if (term === undefined) return;
    this.#termOf.delete(key);
    const set = this.#byTerm.get(term);
    set?.delete(key);
    if (set?.size === 0) this.#byTerm.delete(term);
  }
}
