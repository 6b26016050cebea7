/** Entries kept beyond twice the live ones before the map is rebuilt. */
const SLACK = 64;

/**
 * A Map for keys that come and go and come again, as the lowest free address does.
 *
 * V8's Map leaves a tombstone in the key's hash chain at each delete, so taking and freeing one key over and over costs
 * more each time (50 µs beside 100,000 entries, measured). Here the entry stays and is used again; what is never used
 * again is swept once it outweighs what lives.
 */
export class ReuseMap<K, V> {
  #map = new Map<K, V | undefined>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: K): V | undefined {
    return this.#map.get(key);
  }

  set(key: K, value: V): void {
    if (this.#map.get(key) === undefined) this.#size++;
    this.#map.set(key, value);
  }

  delete(key: K): void {
    if (this.#map.get(key) === undefined) return;
    this.#size--;
    this.#map.set(key, undefined);
    if (this.#map.size > 2 * this.#size + SLACK) this.#sweep();
  }

  *keys(): Iterable<K> {
    for (const [key, value] of this.#map) if (value !== undefined) yield key;
  }

  *entries(): Iterable<[K, V]> {
    for (const [key, value] of this.#map) if (value !== undefined) yield [key, value];
  }

  *values(): Iterable<V> {
    for (const value of this.#map.values()) if (value !== undefined) yield value;
  }

  #sweep(): void {
    const live = new Map<K, V | undefined>();
    for (const [key, value] of this.#map) if (value !== undefined) live.set(key, value);
    this.#map = live;
  }
}
