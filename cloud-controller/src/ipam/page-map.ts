/** Empty pages kept beyond the number of used ones before they are swept. */
const SLACK = 4;

/** A stretch of a sparse array. `used` counts its entries; only {@link PageMap.count} writes it. */
export interface Page {
  used: number;
}

/**
 * The pages of a sparse array, by number. The one last touched is found without a look-up.
 *
 * An emptied page stays for the next entry: V8's Map leaves a tombstone in the key's hash chain at each delete, so a
 * page that comes and goes would cost more each time. The empty ones are swept once they outweigh the used.
 */
export class PageMap<P extends Page> {
  #map = new Map<number, P>();
  #empty = 0;
  #lastKey = -1;
  #last: P | undefined;

  /** @param make a page without entries */
  constructor(private readonly make: () => P) {}

  /** Pages with entries. */
  get used(): number {
    return this.#map.size - this.#empty;
  }

  get(key: number): P | undefined {
    if (key !== this.#lastKey) {
      this.#lastKey = key;
      this.#last = this.#map.get(key);
    }
    return this.#last;
  }

  /** The page, made where there is none. */
  open(key: number): P {
    const found = this.get(key);
    if (found !== undefined) return found;
    const page = this.make();
    this.#map.set(key, page);
    this.#last = page;
    this.#empty++;
    return page;
  }

  /** Notes that the page has an entry more or less. */
  count(page: P, by: 1 | -1): void {
    if (page.used === 0) this.#empty--;
    page.used += by;
    if (page.used === 0 && ++this.#empty > this.#map.size / 2 + SLACK) this.#sweep();
  }

  /** Those with entries, in no order. */
  *entries(): Iterable<[number, P]> {
    for (const entry of this.#map) if (entry[1].used > 0) yield entry;
  }

  #sweep(): void {
    this.#map = new Map(this.entries());
    this.#empty = 0;
    this.#lastKey = -1;
    this.#last = undefined;
  }
}
