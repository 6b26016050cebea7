/** Since when each address has its announcer, as far as this node saw it. */
export class OwnerHistory {
  private readonly known = new Map<string, { readonly node: string; readonly sinceMs: number }>();

  /**
   * Notes who announces what now.
   *
   * @param owners address → node, and since when where that is known better than by this look
   */
  look(owners: ReadonlyMap<string, { readonly node: string; readonly sinceMs?: number }>, nowMs: number): void {
    for (const address of this.known.keys()) if (!owners.has(address)) this.known.delete(address);
    for (const [address, { node, sinceMs = nowMs }] of owners) {
      if (this.known.get(address)?.node !== node) this.known.set(address, { node, sinceMs });
    }
  }

  of(address: string): { readonly node: string; readonly sinceMs: number } | undefined {
    return this.known.get(address);
  }
}
