import type { KubeObject, Log, Random } from '@openyurt/nodepool-types';
import { ApiError, isStatus } from './api-error.ts';
import { Backoff, pause } from './backoff.ts';
import type { ApiClient } from './client.ts';
import type { InformerOptions } from './informer-options.ts';
import type { ListAnswer, WatchEvent } from './list-watch.ts';
import { isAfter, ObjectStore, type StoreHandler } from './object-store.ts';
import { Outage } from './outage.ts';

const PAGE = '500';
const SILENCE_MS = 150_000;
const WATCH_SECONDS = 290;
/** How often a kind that does not exist is asked for again. */
const ABSENT_MS = 2_000;

/** Lists and watches one kind for ever: every error leads to another try, with back-off. */
export class Informer<T extends KubeObject> {
  readonly store: ObjectStore<T>;
  readonly synced: Promise<void>;
  #reportSynced: () => void = () => {};
  #isSynced = false;
  #version = '';
  /** The watch broke or fell silent: the API may have come back with another history. */
  #isDoubted = false;
  /** The latest version that a list or an event told. */
  #seen = '';
  #pathAt = 0;
  #isForbidden = false;
  #isServed = false;
  readonly #onServed: (() => void)[] = [];
  #turn: AbortController | undefined;
  readonly #relisted: (() => void)[] = [];
  readonly #backoff: Backoff;
  readonly #outage: Outage;

  constructor(
    private readonly client: ApiClient,
    private readonly options: InformerOptions,
    private readonly log: Log,
    private readonly random: Random,
  ) {
    this.store = new ObjectStore<T>();
    this.synced = new Promise((resolve) => {
      this.#reportSynced = resolve;
    });
    this.#outage = new Outage(log);
    this.#backoff = new Backoff(options.retryMs?.first ?? 200, options.retryMs?.max ?? 30_000, random);
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** Whether the API has the kind, as far as was asked. */
  get isServed(): boolean {
    return this.#isServed;
  }

  on(handler: StoreHandler<T>): void {
    this.store.on(handler);
  }

  /** Told each time when the API began to serve the kind, or ceased to. */
  onServed(run: () => void): void {
    this.#onServed.push(run);
  }

  /** Lists anew, from the quorum; resolves when that list is in the store. */
  relist(): Promise<void> {
    return new Promise((resolve) => {
      this.#relisted.push(resolve);
      this.#version = '';
      this.#turn?.abort(new Error('asked to list anew'));
    });
  }

  get #path(): string {
    return this.options.olderPaths?.[this.#pathAt - 1] ?? this.options.path;
  }

  /** Runs until `signal` fires. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const turn = new AbortController();
      this.#turn = turn;
      try {
        await this.#listAndWatch(AbortSignal.any([signal, turn.signal]));
      } catch (error) {
        if (signal.aborted) return;
        if (turn.signal.aborted) continue;
        await this.#afterFailure(error, AbortSignal.any([signal, turn.signal]));
      }
    }
  }

  async #afterFailure(error: unknown, signal: AbortSignal): Promise<void> {
    const isExpired = isStatus(error, 410);
    if (isExpired) this.#version = '';
    this.#isDoubted = true;
    const { optional = false, absentRemedy, olderPaths = [] } = this.options;
    if ((optional || absentRemedy !== undefined) && isStatus(error, 404)) {
      this.#version = '';
      this.#pathAt = (this.#pathAt + 1) % (1 + olderPaths.length);
      if (this.#pathAt > 0) return;
      // whoever takes a CRD away has its objects deleted first: with objects known, this is a fault and not their end
      if (this.store.size === 0 && optional) {
        this.#listed(new Map());
        for (const done of this.#relisted.splice(0)) done();
        this.#serves(false);
        return pause(ABSENT_MS, signal);
      }
      if (this.store.size === 0 && absentRemedy !== undefined) {
        this.#outage.failed('the API does not serve this kind', { path: this.#path, remedy: absentRemedy });
        return pause(ABSENT_MS, signal);
      }
    }
    if (this.options.mayBeForbidden === true && isStatus(error, 403) && this.store.size === 0) {
      this.#version = '';
      if (!this.#isForbidden) this.log.warn('may not be read, goes on without', { path: this.#path });
      if (!this.#isForbidden) this.#listed(new Map());
      this.#isForbidden = true;
      for (const done of this.#relisted.splice(0)) done();
      return pause(ABSENT_MS, signal);
    }
    const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
    const waitMs = Math.max(asked, this.#backoff.next());
    const err = error instanceof Error ? error.message : String(error);
    const fields = { path: this.#path, err, retryMs: Math.round(waitMs) };
    if (isExpired) this.log.debug('list or watch failed', fields);
    else this.#outage.failed('list or watch failed', fields);
    await pause(waitMs, signal);
  }

  #serves(isServed: boolean): void {
    if (this.#isServed === isServed) return;
    this.#isServed = isServed;
    for (const run of this.#onServed) run();
  }

  async #listAndWatch(signal: AbortSignal): Promise<void> {
    if (this.#isDoubted && this.#version !== '') await this.#askHistory(signal);
    if (this.#version === '' || this.#relisted.length > 0) await this.#list(signal);
    while (this.#version !== '' && this.#relisted.length === 0) await this.#watch(signal);
  }

  /**
   * After a restore of etcd resourceVersions are lower than what is known. A watch from a version yet to come is no error to
   * the API: it is silent until that version is reached. So one object is listed, for the version of the list.
   */
  async #askHistory(signal: AbortSignal): Promise<void> {
    const query = { ...this.options.query, limit: '1' };
    const head: ListAnswer<T> = await this.client.request({ method: 'GET', path: this.#path, query, signal });
    this.#isDoubted = false;
    if (isAfter(this.#version, head.metadata?.resourceVersion)) this.#version = '';
  }

  async #list(signal: AbortSignal): Promise<void> {
    const waiting = this.#relisted.splice(0);
    try {
      const found = new Map<string, T>();
      let next: string | undefined = '';
      let version = '';
      while (next !== undefined) {
        const query = { ...this.options.query, limit: PAGE, ...(next === '' ? {} : { continue: next }) };
        const page: ListAnswer<T> = await this.client.request({
          method: 'GET',
          path: this.#path,
          query,
          signal,
        });
        for (const item of page.items ?? []) {
          Object.assign(item, this.options.type); // items of a list don't carry it
          found.set(ObjectStore.keyOf(item), item);
        }
        version = page.metadata?.resourceVersion ?? '';
        next = page.metadata?.continue || undefined;
      }
      this.#isForbidden = false;
      this.#listed(found, version);
      this.#serves(true);
      for (const done of waiting) done();
    } catch (error) {
      this.#relisted.push(...waiting);
      throw error;
    }
  }

  #listed(found: Map<string, T>, version = ''): void {
    const isRestored = isAfter(this.#seen, version);
    if (isRestored) {
      const remedy = 'Nothing to do where the cluster was restored from a backup; else see which API server answers.';
      const fields = { path: this.#path, had: this.#seen, has: version, remedy };
      this.log.warn('the API has gone back in time; its state is taken as it is now', fields);
    }
    this.store.replace(found, version, isRestored);
    this.#version = version;
    this.#seen = version;
    this.#isDoubted = false;
    this.#isSynced = true;
    this.#outage.ended(this.#path);
    this.#reportSynced();
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const silence = new AbortController();
    const silenceMs = this.options.silenceMs ?? SILENCE_MS;
    const silent = () => silence.abort(new Error(`watch ${this.#path}: silent for ${silenceMs} ms`));
    let timer = setTimeout(silent, silenceMs);
    const query = {
      ...this.options.query,
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: this.#version,
      timeoutSeconds: String(Math.round(WATCH_SECONDS * (1 + this.random()))),
    };
    const startedMs = Date.now();
    try {
      await this.client.stream(
        this.#path,
        query,
        (line) => {
          clearTimeout(timer);
          timer = setTimeout(silent, silenceMs);
          this.#take(JSON.parse(line) as WatchEvent<T>);
        },
        AbortSignal.any([signal, silence.signal]),
      );
    } finally {
      clearTimeout(timer);
    }
    if (Date.now() - startedMs < 1000) await pause(this.#backoff.next(), signal); // a server that hangs up at once
  }

  #take({ type, object }: WatchEvent<T>): void {
    if (type === 'ERROR') {
      throw new ApiError(
        object.code ?? 500,
        object.reason ?? '',
        object.message ?? 'the watch reported an error',
        undefined,
      );
    }
    this.#backoff.reset();
    this.#outage.ended(this.#path);
    if (type === 'ADDED' || type === 'MODIFIED') this.store.put(object);
    if (type === 'DELETED') this.store.remove(object);
    this.#version = object.metadata.resourceVersion ?? this.#version;
    this.#seen = this.#version;
  }
}
