import type { LbError, Log, Random } from '@openyurt/nodepool-types';
import type { AnnouncementFeed, Contact, FeedListener, ReadResource, Relist } from '../ports/announcement-feed.ts';
import type { ApiClient } from './api-client.ts';
import { ApiPresence } from './api-presence.ts';
import { Reflector } from './reflector.ts';
import { listShape } from './resource-paths.ts';

export interface YurtHubFeedOptions {
  readonly client: ApiClient;
  readonly nodeName: string;
  readonly namespace: string;
  readonly version: string;
  readonly log: Log;
  readonly random: Random;
  /** For tests: how long a sign of life may take, and a watch be silent. */
  readonly timing?: { readonly contactMs: number; readonly silentMs: number };
  /** Read also what only the local API shows. */
  readonly forShow?: boolean;
}

/** A server that asks for more patience than this is asked all the same. */
const MOST_PATIENCE_MS = 10_000;

const OF_POOL: readonly ReadResource[] = ['nodes', 'configs'];
const ALL: readonly ReadResource[] = ['self', 'services', 'slices', ...OF_POOL];
const FOR_SHOW: readonly ReadResource[] = ['nodepools', 'poolservices'];

/**
 * The cloud through YurtHub, or straight: one list shape per resource, each list followed by a sign of life of the API
 * itself. What is believed of the answers is decided in `offline/`.
 */
export class YurtHubFeed implements AnnouncementFeed<ReadResource> {
  private readonly reflectors = new Map<ReadResource, Reflector>();
  private listener: FeedListener<ReadResource> | undefined;
  private nodePool: string | undefined;
  private pauseMs = () => 1_000;
  private timer: NodeJS.Timeout | undefined;
  private asking: Promise<boolean> | undefined;
  private next: Promise<boolean> | undefined;
  /** What the server asked for last, in milliseconds. */
  private patienceMs = 0;
  private readonly presence: ApiPresence;
  private stopped = false;

  constructor(private readonly options: YurtHubFeedOptions) {
    this.presence = new ApiPresence(options.client, options.version, options.timing?.contactMs);
  }

  start(listener: FeedListener<ReadResource>): void {
    this.listener = listener;
    for (const resource of ALL) this.reflect(resource);
    if (this.options.forShow === true) for (const resource of FOR_SHOW) this.reflect(resource);
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

  relist(which: Relist): void {
    for (const reflector of this.reflectors.values()) {
      if (which === 'unproven') reflector.relistUnproven();
      else reflector.relist();
    }
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    for (const reflector of this.reflectors.values()) reflector.stop();
    this.reflectors.clear();
    this.options.client.close();
  }

  private reflect(resource: ReadResource): void {
    const { client, nodeName, namespace, version, log, random, timing } = this.options;
    const shape = listShape(resource, nodeName, this.nodePool, namespace);
    if (shape === undefined) return;
    const reflector = new Reflector({
      client,
      path: shape.path,
      ...(shape.olderPath === undefined ? {} : { olderPath: shape.olderPath }),
      optional: FOR_SHOW.includes(resource),
      userAgent: `yurtlb-${shape.agent}/${version}`,
      log,
      random,
      ...(timing === undefined ? {} : { silentMs: timing.silentMs }),
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
    const { contact, error, retryAfterMs = 0 } = await this.presence.ask();
    this.patienceMs = Math.min(MOST_PATIENCE_MS, retryAfterMs);
    this.tell(contact, error);
    return contact === 'answered';
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
        this.timer = setTimeout(resolve, Math.max(this.pauseMs(), this.patienceMs));
      });
    }
  }
}
