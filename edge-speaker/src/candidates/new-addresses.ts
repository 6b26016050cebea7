/** For this long members may still take a new address from one another, each on hearing of it a little later. */
const NEW_MS = 1_000;

/** Addresses that nobody was known to have announced when they came, and when that was. */
export class NewAddresses {
  private readonly sinceMs = new Map<string, number>();

  update(
    before: { has(address: string): boolean },
    now: Iterable<string>,
    announced: ReadonlySet<string>,
    nowMs: number,
  ): void {
    const all = new Set(now);
    for (const address of all) if (!before.has(address) && !announced.has(address)) this.sinceMs.set(address, nowMs);
    for (const address of this.sinceMs.keys()) if (!all.has(address)) this.sinceMs.delete(address);
  }

  isNew(address: string, nowMs: number): boolean {
    return nowMs - (this.sinceMs.get(address) ?? Number.NEGATIVE_INFINITY) < NEW_MS;
  }
}
