import { decodeResourceVersion, type KubeObject, type LbError, type Log, type Random } from '@openyurt/nodepool-types';
import type { WatchEventType } from '../ports/announcement-feed.ts';
import type { ApiClient } from './api-client.ts';
import { badAnswer, noAnswer } from './api-failure.ts';

export interface ReflectorOptions {
  readonly client: ApiClient;
  readonly path: string;
  readonly userAgent: string;
  readonly log: Log;
  readonly random: Random;
  /** Asks the API itself for a sign of life, and tells. */
  readonly prove: () => Promise<boolean>;
  /** A request met silence: the road to the cloud is in doubt. */
  readonly onSilence: (error: LbError) => void;
  /** The server answered, and not with what was asked for: nothing is known of it. */
  readonly onRefused: (error: LbError) => void;
  readonly onList: (objects: KubeObject[], resourceVersion: bigint | undefined, proven: boolean) => void;
  readonly onEvent: (type: WatchEventType, object: KubeObject) => void;
  readonly onBookmark: (resourceVersion: bigint) => void;
}

/** A watch ends after this at the latest, so that a silent one is found out. */
const WATCH_SECONDS = 300;
const WATCH_SLACK_MS = 10_000;
/** The history that the watch asks for is no more: the next list brings it up to date. */
const GONE = 410;
const BACK_OFF_MIN_MS = 250;
const BACK_OFF_MAX_MS = 10_000;

/**
 * One resource: list, then watch, for ever; classic ones, since a streaming list through an offline YurtHub never ends.
 * Every answer but a whole 200 is "not known": it is asked again, with a growing pause, and says nothing about objects.
 */
export class Reflector {
  private readonly stopped = new AbortController();
  private again: AbortController | undefined;
  private failures = 0;
  private wake: (() => void) | undefined;
  /** Whether the last list was proven; undefined: there was none yet. */
  proven: boolean | undefined;

  constructor(private readonly options: ReflectorOptions) {}

  start(): void {
    void this.run();
  }

  /** Ends the watch or the pause, and lists. */
  relist(): void {
    this.failures = 0;
    this.again?.abort();
    this.wake?.();
  }

  stop(): void {
    this.stopped.abort();
    this.relist();
  }

  private async run(): Promise<void> {
    while (!this.stopped.signal.aborted) {
      this.again = new AbortController();
      const resourceVersion = await this.list();
      if (this.stopped.signal.aborted) return;
      const watched = resourceVersion !== undefined && (await this.watch(resourceVersion, this.again.signal));
      if (watched) this.failures = 0;
      else if (!this.again.signal.aborted) await this.pause();
    }
  }

  /** @returns the resourceVersion to watch from */
  private async list(): Promise<string | undefined> {
    const { client, path, userAgent } = this.options;
    try {
      const { url, status, text } = await client.ask({ path, userAgent });
      const list = status === 200 ? decodeList(text) : undefined;
      if (list === undefined) {
        this.refused(badAnswer(url, status, status === 200 ? 'no list' : text));
        return undefined;
      }
      const proven = await this.options.prove();
      if (this.stopped.signal.aborted) return undefined;
      this.proven = proven;
      const version = list.resourceVersion;
      this.options.onList(list.items, version === undefined ? undefined : BigInt(version), proven);
      if (version === undefined) this.failures++;
      return version;
    } catch (error) {
      this.silence(noAnswer(path, error));
      return undefined;
    }
  }

  /** @returns whether it ended as a watch should; the next list follows at once */
  private async watch(resourceVersion: string, signal: AbortSignal): Promise<boolean> {
    const { client, path, userAgent, random } = this.options;
    const seconds = Math.round(WATCH_SECONDS * (0.8 + 0.2 * random()));
    const query = `watch=1&allowWatchBookmarks=true&resourceVersion=${resourceVersion}&timeoutSeconds=${seconds}`;
    const ask = { path: `${path}${path.endsWith('?') ? '' : '&'}${query}`, userAgent };
    let failed = false;
    const startedMs = performance.now();
    const end = await client.stream(ask, seconds * 1000 + WATCH_SLACK_MS, signal, (line) => {
      if (!this.stopped.signal.aborted && !this.event(line)) failed = true;
    });
    if (signal.aborted || this.stopped.signal.aborted) return true;
    if (end.kind === 'failed') this.silence(end.error);
    else if (end.kind === 'refused') {
      if (end.status === GONE) this.failures++;
      else this.refused(end.error);
    } else if (failed || performance.now() - startedMs < 1000)
      this.failures++; // a server that ends watches at once
    else return true;
    return false;
  }

  /** @returns false for an ERROR (410 and the like) or for no event at all: the next list sets it right */
  private event(line: string): boolean {
    const event = decodeJson(line) as { type?: string; object?: KubeObject } | undefined;
    if (event?.object?.metadata === undefined) return false;
    switch (event.type) {
      case 'ADDED':
      case 'MODIFIED':
      case 'DELETED':
        this.options.onEvent(event.type, event.object);
        return true;
      case 'BOOKMARK':
        this.options.onBookmark(decodeResourceVersion(event.object));
        return true;
      default:
        return false;
    }
  }

  private refused(error: LbError): void {
    this.failures++;
    this.options.log.debug('not known', { err: error });
    if (!this.stopped.signal.aborted) this.options.onRefused(error);
  }

  private silence(error: LbError): void {
    this.failures++;
    this.options.log.debug('no answer', { err: error });
    this.options.onSilence(error);
  }

  private pause(): Promise<void> {
    const longest = Math.min(BACK_OFF_MAX_MS, BACK_OFF_MIN_MS * 2 ** Math.min(this.failures, 10));
    const ms = longest * (0.5 + 0.5 * this.options.random());
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function decodeList(text: string): { items: KubeObject[]; resourceVersion: string | undefined } | undefined {
  const list = decodeJson(text) as
    | { items?: KubeObject[] | null; metadata?: { resourceVersion?: unknown } }
    | undefined;
  if (typeof list !== 'object' || list === null || list.metadata === undefined || list.items === undefined)
    return undefined;
  const version = list.metadata.resourceVersion;
  const numeric = typeof version === 'string' && /^\d{1,20}$/.test(version) && version !== '0';
  const items = (list.items ?? []).filter((item) => item?.metadata?.name !== undefined);
  return { items, resourceVersion: numeric ? version : undefined };
}

function decodeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
