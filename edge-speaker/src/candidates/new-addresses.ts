import type { Judged } from './candidate-index.ts';

/** For this long members may still take a new address from one another, each on hearing of it a little later. */
const NEW_MS = 1_000;

/** Addresses that nobody was known to have announced when they came, and when that was. */
export class NewAddresses {
  private readonly sinceMs = new Map<string, number>();

  update(judged: readonly Judged[], announced: ReadonlySet<string>, nowMs: number): void {
    for (const { address, before, after } of judged) {
      if (after === undefined) this.sinceMs.delete(address);
      else if (before === undefined && !announced.has(address)) this.sinceMs.set(address, nowMs);
    }
  }

  clear(): void {
    this.sinceMs.clear();
  }

  isNew(address: string, nowMs: number): boolean {
    return nowMs - (this.sinceMs.get(address) ?? Number.NEGATIVE_INFINITY) < NEW_MS;
  }
}
