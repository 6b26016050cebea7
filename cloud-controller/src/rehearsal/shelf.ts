import type { KubeObject } from '@openyurt/nodepool-types';
import type { Feed } from '../reconcile/enqueue-on-change.ts';

type Handler<T> = Parameters<Feed<T>['on']>[0];

/** Objects of one kind in memory, and whoever is told when one comes, changes or goes: what an informer is to the controller. */
export class Shelf<T extends KubeObject> implements Feed<T> {
  readonly #objects = new Map<string, T>();
  readonly #groups = new Map<string, Map<string, T>>();
  readonly #handlers: Handler<T>[] = [];

  /** @param groupOf by what {@link group} finds objects; undefined: not by that */
  constructor(private readonly groupOf: (object: T) => string | undefined = () => undefined) {}

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  get size(): number {
    return this.#objects.size;
  }

  values(): Iterable<T> {
    return this.#objects.values();
  }

  group(name: string): readonly T[] {
    return [...(this.#groups.get(name)?.values() ?? [])];
  }

  groups(): Iterable<string> {
    return this.#groups.keys();
  }

  put(object: T): void {
    const key = keyOf(object);
    const before = this.#objects.get(key);
    if (before !== undefined) this.#ungroup(key, before);
    this.#objects.set(key, object);
    const name = this.groupOf(object);
    if (name !== undefined) this.#groups.set(name, (this.#groups.get(name) ?? new Map<string, T>()).set(key, object));
    for (const handler of this.#handlers) handler.changed(key, object, before);
  }

  delete(key: string): void {
    const before = this.#objects.get(key);
    if (before === undefined) return;
    this.#ungroup(key, before);
    this.#objects.delete(key);
    for (const handler of this.#handlers) handler.removed(key, before);
  }

  on(handler: Handler<T>): void {
    this.#handlers.push(handler);
  }

  #ungroup(key: string, object: T): void {
    const name = this.groupOf(object) ?? '';
    const group = this.#groups.get(name);
    group?.delete(key);
    if (group?.size === 0) this.#groups.delete(name);
  }
}

/** `namespace/name`, or the name alone where there is no namespace. */
export function keyOf({ metadata: { namespace, name = '' } }: KubeObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}
