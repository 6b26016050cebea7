import type { Log, Random } from '@openyurt/nodepool-types';
import { ApiError } from './api-error.ts';
import { Backoff } from './backoff.ts';

export interface QueueObserver {
  added(): void;
  retried(): void;
  /** @param seconds how long the run took */
  worked(seconds: number, failed: boolean): void;
}

export interface QueueOptions {
  readonly concurrency: number;
  /** Delay after the first failure of a key; it doubles up to `maxMs`. */
  readonly firstMs?: number;
  readonly maxMs?: number;
}

/**
 * Keys to be worked on, each once however often it was added, never twice at a time. A run that throws is repeated
 * with a back-off of its own; a success forgets it.
 */
export class WorkQueue {
  readonly #front: string[] = [];
  readonly #waiting: string[] = [];
  readonly #queued = new Set<string>();
  readonly #running = new Set<string>();
  /** Keys to be worked on again when their run has ended, and the list they then join. */
  readonly #again = new Map<string, string[]>();
  readonly #backoffs = new Map<string, Backoff>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #idle: (() => void)[] = [];
  #paused = true;

  constructor(
    private readonly work: (key: string) => Promise<void>,
    private readonly options: QueueOptions,
    private readonly log: Log,
    private readonly random: Random,
    private readonly observer: QueueObserver,
  ) {}

  /** Keys that wait for their turn or for a retry, and those being worked on. */
  get depth(): number {
    return this.#queued.size + this.#running.size + this.#timers.size;
  }

  add(key: string): void {
    this.#enqueue(key, this.#waiting);
  }

  /** Ahead of what was added: for Services that have waited long for an address. In the order given. */
  addFirst(keys: readonly string[]): void {
    for (const key of keys) this.#enqueue(key, this.#front);
  }

  addAfter(key: string, ms: number): void {
    if (this.#timers.has(key)) return;
    const timer = setTimeout(() => {
      this.#timers.delete(key);
      this.add(key);
    }, ms);
    this.#timers.set(key, timer);
  }

  start(): void {
    this.#paused = false;
    this.#next();
  }

  /** Takes nothing more on; resolves when what runs has ended. */
  async drain(): Promise<void> {
    this.#paused = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    if (this.#running.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #enqueue(key: string, list: string[]): void {
    this.observer.added();
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    if (this.#running.has(key)) {
      if (list === this.#front || !this.#again.has(key)) this.#again.set(key, list);
      return;
    }
    if (this.#queued.has(key) && list === this.#waiting) return;
    this.#queued.add(key);
    list.push(key);
    this.#next();
  }

  #next(): void {
    while (!this.#paused && this.#running.size < this.options.concurrency) {
      const key = this.#front.shift() ?? this.#shiftWaiting();
      if (key === undefined) return;
      if (!this.#queued.delete(key)) continue; // it stood in both lists
      void this.#run(key);
    }
  }

  #taken = 0;
  /** Array.shift moves the whole array; at ten thousand keys that would be felt. */
  #shiftWaiting(): string | undefined {
    const key = this.#waiting[this.#taken++];
    if (key === undefined || this.#taken > 1024) {
      this.#waiting.splice(0, key === undefined ? this.#waiting.length : this.#taken);
      this.#taken = 0;
    }
    return key;
  }

  async #run(key: string): Promise<void> {
    this.#running.add(key);
    const startedMs = performance.now();
    let failed = false;
    try {
      await this.work(key);
      this.#backoffs.delete(key);
    } catch (error) {
      failed = true;
      this.#retry(key, error);
    }
    this.#running.delete(key);
    this.observer.worked((performance.now() - startedMs) / 1000, failed);
    const list = this.#again.get(key);
    this.#again.delete(key);
    if (list !== undefined) this.#enqueue(key, list); // what came meanwhile is news: it does not wait for the back-off
    if (this.#running.size === 0) for (const done of this.#idle.splice(0)) done();
    this.#next();
  }

  #retry(key: string, error: unknown): void {
    let backoff = this.#backoffs.get(key);
    if (backoff === undefined) {
      backoff = new Backoff(this.options.firstMs ?? 5, this.options.maxMs ?? 300_000, this.random);
      this.#backoffs.set(key, backoff);
    }
    const conflict = error instanceof ApiError && error.status === 409;
    const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
    const delayMs = Math.max(asked, backoff.next());
    const fields = { key, err: error instanceof Error ? error.message : String(error), retryMs: Math.round(delayMs) };
    if (conflict) this.log.debug('changed meanwhile, trying again', fields);
    else this.log.warn('reconcile failed, trying again', fields);
    this.observer.retried();
    if (!this.#paused) this.addAfter(key, delayMs);
  }
}
