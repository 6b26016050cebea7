import { decodeResourceVersion, type KubeObject, type LbError, type Log, type Random } from '@openyurt/nodepool-types';
import type { WatchEventType } from '../ports/announcement-feed.ts';
import type { ApiClient } from './api-client.ts';
import { badAnswer, noAnswer } from './api-failure.ts';
import { decodeList, decodeWatchEvent } from './decode-answer.ts';
import { WatchProgress } from './watch-progress.ts';

export interface ReflectorOptions {
  readonly client: ApiClient;
  readonly path: string;
  /** Asked for in turn with `path` while the server knows neither. */
  readonly olderPath?: string;
  /** What the server does not know, or does not let this program read, is asked for seldom. */
  readonly optional?: boolean;
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
  /** Default {@link SILENT_MS}. */
  readonly silentMs?: number;
  /** Default {@link WATCH_SECONDS}. */
  readonly watchSeconds?: number;
}

/** A watch ends after this at the latest, so that a silent one is found out; the next one goes on where it ended. */
const WATCH_SECONDS = 300;
const WATCH_SLACK_MS = 10_000;
/** API servers send a bookmark each minute: a watch that had some and says nothing for this long is dead. */
export const SILENT_MS = 150_000;
/** The history that the watch asks for is no more: the next list brings it up to date. */
const GONE = 410;
/** A list that was asked for so lately is not asked for again: its proof is still to come. */
const YOUNG_MS = 1_000;
/** A watch that lived so long makes the failures before it old. */
const STEADY_MS = 30_000;
const BACK_OFF_MIN_MS = 250;
const BACK_OFF_MAX_MS = 10_000;
/** A server that asks for more patience than this is asked all the same. */
const MOST_PATIENCE_MS = 60_000;
/** A definition that is installed later is found within this time. */
const ABSENT_PAUSE_MS = 300_000;

/**
 * One resource: list, then watch, for ever; classic ones, since a streaming list through an offline YurtHub never ends.
 * A watch that ends when its time is over is followed by the next from there on; any other end by a list, for a server or
 * a hub that starts anew may know other things.
 * Every answer but a whole 200 is "not known": it is asked again, with a growing pause, and says nothing about objects.
 */
export class Reflector {
  private readonly stopped = new AbortController();
  private again = new AbortController();
  private failures = 0;
  /** What the server asked for last, in milliseconds. */
  private patienceMs = 0;
  /** This server sends bookmarks; YurtHub's multiplexer may not. */
  private hasBookmarks = false;
  private wake: (() => void) | undefined;
  private readonly progress = new WatchProgress();
  /** When the list that is under way was asked for. */
  private askedMs: number | undefined;

  private path: string;

  constructor(private readonly options: ReflectorOptions) {
    this.path = options.path;
  }

  start(): void {
    void this.run();
  }

  /** Ends the list, the watch or the pause that is under way, and lists. */
  relist(): void {
    this.failures = 0;
    this.again.abort();
    this.wake?.();
  }

  /** As {@link relist}, if what was listed is without proof, or a list fails. */
  relistUnproven(): void {
    const isYoung = this.askedMs !== undefined && performance.now() - this.askedMs < YOUNG_MS;
    if (this.progress.proven !== true && !isYoung) this.relist();
  }

  stop(): void {
    this.stopped.abort();
    this.relist();
  }

  private async run(): Promise<void> {
    let goesOn = false;
    while (!this.stopped.signal.aborted) {
      this.again = new AbortController();
      const { signal } = this.again;
      this.patienceMs = 0;
      const resourceVersion: string | undefined = goesOn ? this.progress.resourceVersion : await this.list(signal);
      goesOn = false;
      if (this.stopped.signal.aborted) return;
      if (signal.aborted) continue;
      const watched: boolean | 'over' = resourceVersion !== undefined && (await this.watch(resourceVersion, signal));
      goesOn = watched === 'over' && !signal.aborted;
      if (watched) this.failures = 0;
      else if (!signal.aborted) await this.pause();
    }
  }

  /** @returns the resourceVersion to watch from */
  private async list(signal: AbortSignal): Promise<string | undefined> {
    const { client, userAgent, prove } = this.options;
    const { path } = this;
    this.askedMs = performance.now();
    try {
      const answer = await client.ask({ path, userAgent, signal });
      if (signal.aborted) return undefined;
      if (answer.status !== 200) {
        this.refused(badAnswer(answer.url, answer.status, answer.text), answer.retryAfterMs);
        if (this.options.optional === true) this.absent(answer.status);
        return undefined;
      }
      const { items, resourceVersion } = decodeList(answer);
      const proven = await prove();
      if (signal.aborted) return undefined;
      this.progress.listed(resourceVersion, proven, performance.now());
      this.options.log.debug('listed', { path, objects: items.length, resourceVersion, proven });
      this.options.onList(items, resourceVersion === undefined ? undefined : BigInt(resourceVersion), proven);
      if (resourceVersion === undefined) this.failures++;
      return resourceVersion;
    } catch (cause) {
      if (signal.aborted) return undefined;
      const error = noAnswer(path, cause);
      if (error.code === 'LB_API_REFUSED') this.refused(error);
      else this.silence(error);
      return undefined;
    } finally {
      this.askedMs = undefined;
    }
  }

  /** @returns whether it ended as a watch should; `over`: its time was over, and nothing speaks against going on from there */
  private async watch(resourceVersion: string, signal: AbortSignal): Promise<boolean | 'over'> {
    const { client, userAgent, random, log, silentMs = SILENT_MS, watchSeconds = WATCH_SECONDS } = this.options;
    const { path } = this;
    const seconds = Math.round(watchSeconds * (0.8 + 0.2 * random()));
    const query = `watch=1&allowWatchBookmarks=true&resourceVersion=${resourceVersion}&timeoutSeconds=${seconds}`;
    const ask = { path: `${path}${path.endsWith('?') ? '' : '&'}${query}`, userAgent };
    const bounds = {
      wholeMs: seconds * 1000 + WATCH_SLACK_MS,
      silentMs: () => (this.hasBookmarks ? silentMs : Number.POSITIVE_INFINITY),
    };
    let isWhole = true;
    const startedMs = performance.now();
    const end = await client.stream(ask, bounds, signal, (line) => {
      if (!signal.aborted) isWhole = this.event(ask.path, line);
      return isWhole;
    });
    if (signal.aborted || this.stopped.signal.aborted) return true;
    const lastedMs = performance.now() - startedMs;
    if (lastedMs >= STEADY_MS) this.failures = 0;
    switch (end.kind) {
      case 'failed':
        this.silence(end.error);
        return false;
      case 'silent':
        log.info('a watch fell silent; what it watches is listed anew', { path, silentMs });
        this.hasBookmarks = false; // until it sends one again: a server without them is not asked each time
        return true;
      case 'refused':
        if (end.status === GONE) this.failures++;
        else this.refused(end.error, end.retryAfterMs);
        return false;
      case 'ended':
        if (isWhole && lastedMs >= seconds * 900) return this.progress.mayGoOn(performance.now()) ? 'over' : true;
        if (isWhole && lastedMs >= 1000) return true;
        this.failures++; // a server that ends watches at once
        return false;
    }
  }

  /** @returns false for an ERROR (410 and the like) or for no event at all: the next list sets it right */
  private event(path: string, line: string): boolean {
    const event = decodeWatchEvent(line);
    switch (event?.type) {
      case 'ADDED':
      case 'MODIFIED':
      case 'DELETED':
        this.progress.reach(decodeResourceVersion(event.object));
        this.options.onEvent(event.type, event.object);
        return true;
      case 'BOOKMARK':
        this.hasBookmarks = true;
        this.progress.reach(decodeResourceVersion(event.object));
        this.options.onBookmark(decodeResourceVersion(event.object));
        return true;
      case 'ERROR':
        if (event.code !== GONE)
          this.options.onRefused(badAnswer(path.split('?', 1)[0] ?? '', event.code, event.message));
        return false;
      case undefined:
        return false;
    }
  }

  /** Older servers know an older version; whoever knows neither is asked again much later. */
  private absent(status: number): void {
    if (status !== 404 && status !== 403) return;
    const { path, olderPath } = this.options;
    const wasOlder = this.path === olderPath;
    this.path = wasOlder || olderPath === undefined ? path : olderPath;
    if (wasOlder || olderPath === undefined) this.patienceMs = ABSENT_PAUSE_MS;
  }

  private refused(error: LbError, retryAfterMs = 0): void {
    this.failures++;
    this.progress.failed();
    this.patienceMs = Math.min(MOST_PATIENCE_MS, retryAfterMs);
    this.options.log.debug('not known', { err: error });
    if (!this.stopped.signal.aborted) this.options.onRefused(error);
  }

  private silence(error: LbError): void {
    this.failures++;
    this.progress.failed();
    this.options.log.debug('no answer', { err: error });
    this.options.onSilence(error);
  }

  private pause(): Promise<void> {
    const longest = Math.min(BACK_OFF_MAX_MS, BACK_OFF_MIN_MS * 2 ** Math.min(this.failures, 10));
    const ms = Math.max(this.patienceMs, longest * (0.5 + 0.5 * this.options.random()));
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
