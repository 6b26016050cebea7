/** How many taken keys are left standing before the rest is moved up. */
const MOST_TAKEN = 1024;

/** Keys in the order they came. Array.shift moves the whole array; at ten thousand keys that would be felt. */
export class KeyLine {
  readonly #keys: string[] = [];
  #taken = 0;

  push(key: string): void {
    this.#keys.push(key);
  }

  /** @returns undefined where none is left */
  shift(): string | undefined {
    const key = this.#keys[this.#taken++];
    if (key === undefined || this.#taken > MOST_TAKEN) {
      this.#keys.splice(0, key === undefined ? this.#keys.length : this.#taken);
      this.#taken = 0;
    }
    return key;
  }
}
