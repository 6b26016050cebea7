import type { LbError, Log, Random } from '@openyurt/nodepool-types';
import type { AnnouncementFeed, Contact, FeedListener, Resource } from '../ports/announcement-feed.ts';
import type { ApiClient } from './api-client.ts';
import { badAnswer, noAnswer } from './api-failure.ts';
import { Reflector } from './reflector.ts';
import { listShape } from './resource-paths.ts';

export interface YurtHubFeedOptions {
  readonly client: ApiClient;
  readonly nodeName: string;
  readonly namespace: string;
  readonly version: string;
  readonly log: Log;
  readonly random: Random;
}

/** A cheap question has a cheap answer; the sooner a silent cut is doubted the better. */
const CONTACT_DEADLINE_MS = 2_000;

const HEALTH = '/healthz';
const OF_POOL: readonly Resource[] = ['nodes', 'configs'];
const ALL: readonly Resource[] = ['self', 'services', 'slices', ...OF_POOL];

/**
 * The cloud through YurtHub, or straight. Here are one list shape per resource, the deadlines, and the only sign of the
 * API's presence that holds through a YurtHub: `GET /healthz` with 200 `ok` (400: the hub says that it is offline; all else
 * is not known). What is believed of the answers is decided in `offline/`.
 */
export class YurtHubFeed implements AnnouncementFeed {
  private readonly reflectors = new Map<Resource, Reflector>();
  private listener: FeedListener | undefined;
  private nodePool: string | undefined;
  private pauseMs = () => 1_000;
  private timer: NodeJS.Timeout | undefined;
  private asking: Promise<boolean> | undefined;
  private next: Promise<boolean> | undefined;
  private stopped = false;

  constructor(private readonly options: YurtHubFeedOptions) {}

  start(listener: FeedListener): void {
    this.listener = listener;
    for (const resource of ALL) this.reflect(resource);
    void this.contactLoop();
  }

  followPool(nodePool: string | undefined): void {
    if (nodePool === this.nodePool) return;
    this.nodePool = nodePool;
    for (const resource of OF_POOL) {
      this.reflectors.get(resource)?.stop();
      this.reflectors.delete(resource);
      if (this.listener !== undefined) this.reflect(resource);
    }
  }

  pace(pauseMs: () => number): void {
    this.pauseMs = pauseMs;
  }

  relist(which: 'all' | 'unproven'): void {
    for (const reflector of this.reflectors.values()) {
      if (which === 'all' || reflector.proven !== true) reflector.relist();
    }
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    for (const reflector of this.reflectors.values()) reflector.stop();
    this.reflectors.clear();
    this.options.client.close();
  }

  private reflect(resource: Resource): void {
    const { client, nodeName, namespace, version, log, random } = this.options;
    const shape = listShape(resource, nodeName, this.nodePool, namespace);
    if (shape === undefined) return;
    const reflector = new Reflector({
      client,
      path: shape.path,
      userAgent: `yurtlb-${shape.agent}/${version}`,
      log,
      random,
      prove: () => this.prove(),
      onSilence: () => this.silence(),
      onRefused: (error) => this.listener?.refused(resource, error),
      onList: (objects, resourceVersion, proven) => this.listener?.listed(resource, objects, resourceVersion, proven),
      onEvent: (type, object) => this.listener?.changed(resource, type, object),
      onBookmark: (resourceVersion) => this.listener?.reached(resource, resourceVersion),
    });
    this.reflectors.set(resource, reflector);
    reflector.start();
  }

  /** A sign of life that was asked for after this call: several lists at once share one question. */
  private prove(): Promise<boolean> {
    if (this.asking === undefined) return this.ask();
    this.next ??= this.asking.then(() => {
      this.next = undefined;
      return this.ask();
    });
    return this.next;
  }

  private ask(): Promise<boolean> {
    const promise = this.contact().finally(() => {
      this.asking = undefined;
    });
    this.asking = promise;
    return promise;
  }

  private async contact(): Promise<boolean> {
    const { client, version } = this.options;
    try {
      const { url, status, text } = await client.ask({
        path: HEALTH,
        userAgent: `yurtlb-speaker/${version}`,
        deadlineMs: CONTACT_DEADLINE_MS,
      });
      const answered = status === 200 && text.trim() === 'ok';
      if (answered) this.tell('answered');
      else this.tell(status === 400 ? 'hub-offline' : 'unknown', badAnswer(url, status, text));
      return answered;
    } catch (cause) {
      this.tell('unknown', noAnswer(HEALTH, cause));
      return false;
    }
  }

  private tell(contact: Contact, error?: LbError): void {
    if (!this.stopped) this.listener?.contact(contact, error);
  }

  /** A silent request is doubt at once, and a reason to look closer now. */
  private silence(): void {
    if (this.asking === undefined && !this.stopped) void this.ask();
  }

  private async contactLoop(): Promise<void> {
    while (!this.stopped) {
      await this.prove();
      if (this.stopped) return;
      await new Promise<void>((resolve) => {
        this.timer = setTimeout(resolve, this.pauseMs());
      });
    }
  }
}
