/** Above so many places those that nobody waits for any more are cleared away, once they are the most. */
const PLACES_KEPT = 64;

/**
 * Keys by the time they are due: a binary heap. A key set again moves; an older place of it is skipped when it comes up. One
 * that is due at Infinity has no place.
 */
export class DueQueue {
  private heap: { dueMs: number; key: string }[] = [];
  private readonly dueOf = new Map<string, number>();

  set(key: string, dueMs: number): void {
    if (this.dueOf.get(key) === dueMs) return;
    if (dueMs === Number.POSITIVE_INFINITY) {
      this.dueOf.delete(key);
      return;
    }
    this.dueOf.set(key, dueMs);
    if (this.heap.length > PLACES_KEPT && this.heap.length > 2 * this.dueOf.size) this.compact();
    else this.push(key, dueMs);
  }

  clear(): void {
    this.dueOf.clear();
    this.heap = [];
  }

  /** Places of the heap, those to be skipped included. */
  get places(): number {
    return this.heap.length;
  }

  delete(key: string): void {
    this.dueOf.delete(key);
  }

  /** When the next key is due; Infinity if none is. */
  nextMs(): number {
    this.skipStale();
    return this.heap[0]?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  /** Takes the next key that is due, or undefined. */
  take(nowMs: number): string | undefined {
    if (this.nextMs() > nowMs) return undefined;
    const key = this.heap[0]?.key;
    this.removeFirst();
    if (key !== undefined) this.dueOf.delete(key);
    return key;
  }

  private push(key: string, dueMs: number): void {
    this.heap.push({ dueMs, key });
    this.rise(this.heap.length - 1);
  }

  private compact(): void {
    this.heap = [];
    for (const [key, dueMs] of this.dueOf) this.push(key, dueMs);
  }

  private skipStale(): void {
    for (let first = this.heap[0]; first !== undefined; first = this.heap[0]) {
      if (this.dueOf.get(first.key) === first.dueMs) return;
      this.removeFirst();
    }
  }

  private removeFirst(): void {
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return;
    this.heap[0] = last;
    this.sink(0);
  }

  private rise(i: number): void {
    for (let child = i; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (this.at(parent) <= this.at(child)) return;
      this.swap(parent, child);
      child = parent;
    }
  }

  private sink(i: number): void {
    for (let parent = i; ; ) {
      const left = 2 * parent + 1;
      const least = this.at(left + 1) < this.at(left) ? left + 1 : left;
      if (this.at(least) >= this.at(parent)) return;
      this.swap(parent, least);
      parent = least;
    }
  }

  private at(i: number): number {
    return this.heap[i]?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  private swap(a: number, b: number): void {
    const [x, y] = [this.heap[a], this.heap[b]];
    if (x === undefined || y === undefined) return;
    this.heap[a] = y;
    this.heap[b] = x;
  }
}
