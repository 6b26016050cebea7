/** More than any site has; who claims what no site has must not fill the memory. */
const MAX_MEMORY = 65_536;

/** The addresses ever announced in the pool, as far as this member knows: what is among them is taken over without a probe. */
export class AddressMemory {
  /** The last added stand last. */
  private readonly kept = new Set<string>();
  private changed = false;

  constructor(announcedBefore: Iterable<string>) {
    for (const address of announcedBefore) this.add(address);
    this.changed = false;
  }

  has(address: string): boolean {
    return this.kept.has(address);
  }

  add(address: string): void {
    if (this.kept.has(address)) return;
    this.changed = true;
    this.kept.add(address);
    if (this.kept.size <= MAX_MEMORY) return;
    const [oldest] = this.kept;
    if (oldest !== undefined) this.kept.delete(oldest);
  }

  delete(address: string): void {
    if (this.kept.delete(address)) this.changed = true;
  }

  /** All of them, or undefined where none came or went since the last call. */
  take(): string[] | undefined {
    if (!this.changed) return undefined;
    this.changed = false;
    return [...this.kept];
  }
}
