/** One who stands in a line. */
export interface Aged {
  /** `namespace/name` of the Service. */
  readonly key: string;
  /** Since 1970. */
  readonly createdMs: number;
}

/** The oldest first; of the same age, by name. */
export function byAge(a: Aged, b: Aged): number {
  return a.createdMs - b.createdMs || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
}

/** Services in a row, the oldest first. Nobody stands in it twice. */
export class WaitingLine<T extends Aged> {
  readonly #line: T[] = [];

  get isEmpty(): boolean {
    return this.#line.length === 0;
  }

  add(one: T): void {
    const at = this.#firstNotBefore(one);
    const there = this.#line[at];
    this.#line.splice(at, there !== undefined && byAge(there, one) === 0 ? 1 : 0, one);
  }

  delete(one: T): void {
    const at = this.#firstNotBefore(one);
    const there = this.#line[at];
    if (there !== undefined && byAge(there, one) === 0) this.#line.splice(at, 1);
  }

  /**
   * The first one behind `from`, who need not stand here any more, that suits.
   *
   * @param from undefined: all are looked at
   */
  find(from: T | undefined, suits: (one: T) => boolean): T | undefined {
    for (let at = from === undefined ? 0 : this.#firstNotBefore(from); ; at++) {
      const one = this.#line[at];
      if (one === undefined) return undefined;
      if ((from === undefined || byAge(one, from) > 0) && suits(one)) return one;
    }
  }

  #firstNotBefore(one: T): number {
    let low = 0;
    let high = this.#line.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const there = this.#line[middle];
      if (there !== undefined && byAge(there, one) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
