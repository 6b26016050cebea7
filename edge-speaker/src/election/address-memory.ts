import { LRUCache } from 'lru-cache';

const MAX_MEMORY = 8192;

/** The addresses ever announced in the pool, as far as this member knows: what is among them is taken over without a probe. */
export class AddressMemory {
  private readonly kept = new LRUCache<string, true>({ max: MAX_MEMORY });
  private changed = false;

  constructor(announcedBefore: Iterable<string>) {
    for (const address of announcedBefore) this.kept.set(address, true);
  }

  has(address: string): boolean {
    return this.kept.has(address);
  }

  add(address: string): void {
    if (!this.kept.has(address)) this.changed = true;
    this.kept.set(address, true);
  }

  delete(address: string): void {
    if (this.kept.delete(address)) this.changed = true;
  }

  /** All of them, or undefined where none came or went since the last call. */
  take(): string[] | undefined {
    if (!this.changed) return undefined;
    this.changed = false;
    return [...this.kept.keys()];
  }
}
