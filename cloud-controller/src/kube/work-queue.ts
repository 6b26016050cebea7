import type { Log, Random } from '@openyurt/nodepool-types';
import { ApiError } from './api-error.ts';
import { Backoff } from './backoff.ts';
import { KeyLine } from './key-line.ts';

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
 * How long runs may follow one another. A run that has nothing to write waits for nothing, and ten thousand of them would keep
 * the loop from the Lease and the watches for seconds.
 */
const TURN_MS = 10;

/** Lines in which keys stand; a line's turn comes when those before it are empty. */
const FRONT = 0;
const MIDDLE = 1;
const LAST = 2;
type Place = typeof FRONT | typeof MIDDLE | typeof LAST;

/**
 * Keys to be worked on, each once however often it was added, never twice at a time. A run that throws is repeated
 * with a back-off of its own; a success forgets it.
 */
export class WorkQueue {
  readonly #lines: Readonly<Record<Place, KeyLine>> = [new KeyLine(), new KeyLine(), new KeyLine()];
  /** Keys that wait for their turn, and the line in which that comes. */
  readonly #queued = new Map<string, Place>();
  readonly #running = new Set<string>();
  /** How many of those that run were not taken from the last line. */
  #pressing = 0;
  /** Keys to be worked on again when their run has ended, and the line they then join. */
  readonly #again = new Map<string, Place>();
  readonly #backoffs = new Map<string, Backoff>();
  readonly #timers = new Map<string, { readonly timer: NodeJS.Timeout; readonly dueMs: number }>();
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
    this.#enqueue(key, MIDDLE);
  }

  /** Ahead of what was added: for Services that have waited long for an address. In the order given. */
  addFirst(keys: readonly string[]): void {
    for (const key of keys) this.#enqueue(key, FRONT);
  }

  /** Behind all others, also those yet to come: for what is looked at to be sure. */
  addLast(key: string): void {
    this.#enqueue(key, LAST);
  }

  /** Of two times the sooner one counts: a retry must not wait for a Service that is to be looked at in five minutes. */
  addAfter(key: string, ms: number): void {
    const dueMs = performance.now() + ms;
    const before = this.#timers.get(key);
    if (before !== undefined && before.dueMs <= dueMs) return;
    clearTimeout(before?.timer);
    const timer = setTimeout(() => {
      this.#timers.delete(key);
      this.add(key);
    }, ms);
    this.#timers.set(key, { timer, dueMs });
  }

  start(): void {
    this.#paused = false;
    this.#next();
  }

  /** Takes nothing more on; resolves when what runs has ended. */
  async drain(): Promise<void> {
    this.#paused = true;
    for (const { timer } of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    if (this.#running.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #enqueue(key: string, place: Place): void {
    this.observer.added();
    clearTimeout(this.#timers.get(key)?.timer);
    this.#timers.delete(key);
    const waits = this.#running.has(key) ? this.#again : this.#queued;
    if ((waits.get(key) ?? LAST + 1) <= place) return;
    waits.set(key, place);
    if (waits === this.#again) return;
    this.#lines[place].push(key);
    this.#next();
  }

  #next(): void {
    while (!this.#paused && this.#running.size < this.options.concurrency && this.#queued.size > 0) {
      if (!this.#hasTurn()) return;
      const key = this.#lines[FRONT].shift() ?? this.#lines[MIDDLE].shift() ?? this.#shiftLast();
      if (key === undefined) return;
      const place = this.#queued.get(key);
      if (place === undefined) continue; // it stood in two lines
      this.#queued.delete(key);
      void this.#run(key, place);
    }
  }

  /** When this turn of the loop began to work keys. */
  #turnMs: number | undefined;
  #tookLast = false;

  /** Whether there is time left before the loop is to go round; when it has, the queue goes on by itself. */
  #hasTurn(): boolean {
    const nowMs = performance.now();
    if (this.#turnMs === undefined) {
      this.#turnMs = nowMs;
      this.#tookLast = false;
      setImmediate(() => {
        this.#turnMs = undefined;
        this.#next();
      });
    }
    return nowMs - this.#turnMs < TURN_MS;
  }

  /** One in a turn while another key waits for the API: its answer is not to wait for what can. */
  #shiftLast(): string | undefined {
    if (this.#pressing > 0 && this.#tookLast) return undefined;
    this.#tookLast = true;
    return this.#lines[LAST].shift();
  }

  async #run(key: string, from: Place): Promise<void> {
    this.#running.add(key);
    if (from !== LAST) this.#pressing++;
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
    if (from !== LAST) this.#pressing--;
    this.observer.worked((performance.now() - startedMs) / 1000, failed);
    const place = this.#again.get(key);
    this.#again.delete(key);
    if (place !== undefined) this.#enqueue(key, place); // what came meanwhile is news: it does not wait for the back-off
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
