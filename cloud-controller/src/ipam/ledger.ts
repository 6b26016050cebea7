/** Empty lists kept beyond the number of used ones before they are swept. */
const SLACK = 1024;
const NOTHING: readonly never[] = [];

/**
 * Lists by key, most of one entry, whose keys come and go and come again: an emptied list stays for the next entry (see
 * {@link ReuseMap} for what deleting costs), and the empty ones are swept once they outweigh the used.
 */
export class Ledger<K, V> {
  #lists = new Map<K, V[]>();
  #empty = 0;

  /** Valid until the next change. */
  get(key: K): readonly V[] {
    return this.#lists.get(key) ?? NOTHING;
  }

  add(key: K, value: V): void {
    const list = this.#lists.get(key);
    if (list === undefined) {
      this.#lists.set(key, [value]);
      return;
    }
    if (list.length === 0) this.#empty--;
    list.push(value);
  }

  replace(key: K, before: V, after: V): void {
    const list = this.#lists.get(key);
    const at = list?.indexOf(before) ?? -1;
    if (list !== undefined && at >= 0) list[at] = after;
  }

  /** @returns what is left under the key */
  remove(key: K, value: V): readonly V[] {
    const list = this.#lists.get(key);
    const at = list?.indexOf(value) ?? -1;
    if (list === undefined || at < 0) return list ?? NOTHING;
    if (list.length === 1) list.pop();
    else list.splice(at, 1);
    if (list.length === 0 && ++this.#empty > this.#lists.size / 2 + SLACK) this.#sweep();
    return list;
  }

  #sweep(): void {
    const used = new Map<K, V[]>();
    for (const [key, list] of this.#lists) if (list.length > 0) used.set(key, list);
    this.#lists = used;
    this.#empty = 0;
  }
}
