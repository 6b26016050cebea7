import type { AddressBook, Freed } from '../ipam/address-book.ts';

interface Waiter {
  readonly createdMs: number;
  readonly nodePools: ReadonlySet<string>;
}

/** Services that miss an address somewhere, and whom to wake when one comes free: the oldest first. */
export class Waiting {
  readonly #waiters = new Map<string, Waiter>();
  readonly #byPool = new Map<string, Set<string>>();

  set(service: string, createdMs: number, nodePools: readonly string[]): void {
    this.delete(service);
    if (nodePools.length === 0) return;
    this.#waiters.set(service, { createdMs, nodePools: new Set(nodePools) });
    for (const nodePool of nodePools) {
      const set = this.#byPool.get(nodePool);
      if (set === undefined) this.#byPool.set(nodePool, new Set([service]));
      else set.add(service);
    }
  }

  delete(service: string): void {
    for (const nodePool of this.#waiters.get(service)?.nodePools ?? []) {
      const set = this.#byPool.get(nodePool);
      set?.delete(service);
      if (set?.size === 0) this.#byPool.delete(nodePool);
    }
    this.#waiters.delete(service);
  }

  get size(): number {
    return this.#waiters.size;
  }

  /**
   * The Services that may now get what they wait for. An address also frees its ports in every NodePool whose ranges
   * hold it: there too somebody may have waited for it.
   */
  wokenBy(freed: readonly Freed[], book: AddressBook): string[] {
    if (freed.length === 0 || this.#waiters.size === 0) return [];
    const woken = new Set<string>();
    for (const [nodePool, services] of this.#byPool) {
      const { ranges } = book.site(nodePool);
      const concerned = freed.some(
        (one) => one.nodePool === nodePool || ranges === undefined || ranges.poolOf(one.address) !== undefined,
      );
      if (concerned) for (const service of services) woken.add(service);
    }
    return [...woken].sort((a, b) => this.#age(a) - this.#age(b) || (a < b ? -1 : 1));
  }

  #age(service: string): number {
    return this.#waiters.get(service)?.createdMs ?? 0;
  }
}
