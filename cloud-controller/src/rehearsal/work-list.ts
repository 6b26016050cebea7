import type { Queue } from '../reconcile/dispatch.ts';

/** Keys to be worked on one at a time, each once however often it was added, in the order of the controller's queue. */
export class WorkList implements Queue {
  readonly #front = new Set<string>();
  readonly #waiting = new Set<string>();

  add(key: string): void {
    if (!this.#front.has(key)) this.#waiting.add(key);
  }

  addFirst(keys: readonly string[]): void {
    for (const key of keys) {
      this.#waiting.delete(key);
      this.#front.add(key);
    }
  }

  /** @returns undefined: there is none */
  take(): string | undefined {
    for (const list of [this.#front, this.#waiting]) {
      for (const key of list) {
        list.delete(key);
        return key;
      }
    }
    return undefined;
  }
}
