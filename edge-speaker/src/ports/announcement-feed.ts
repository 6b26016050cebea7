import type { KubeObject, LbError, SpeakerNews, SpeakerWarning } from '@openyurt/nodepool-types';
import type { Resource, WatchEventType } from '../offline/adopt.ts';
import type { ReadResource } from '../offline/catalogue.ts';
import type { Contact } from '../offline/cloud-link.ts';

export type { Resource, WatchEventType } from '../offline/adopt.ts';
export type { ReadResource } from '../offline/catalogue.ts';
export type { Contact } from '../offline/cloud-link.ts';

/**
 * What the feed brings, in the order in which it came. An error says nothing about objects: it is for people to read.
 * `R`: what is read, to decide by or also only to show.
 */
export interface FeedListener<R extends ReadResource = Resource> {
  /**
   * A whole list.
   * @param resourceVersion undefined where the list carries none (an offline hub's empty cache)
   * @param proven the API was seen present after the list was received
   */
  listed(resource: R, objects: readonly KubeObject[], resourceVersion: bigint | undefined, proven: boolean): void;
  changed(resource: R, type: WatchEventType, object: KubeObject): void;
  /** A watch moved on to this resourceVersion without a change. */
  reached(resource: R, resourceVersion: bigint): void;
  /** What one contact told about the road to the cloud. @param error why it failed: the kind, the URL, the remedy */
  contact(contact: Contact, error?: LbError): void;
  /** A list or watch got another answer than asked for (403, 503, no list); it is asked again. */
  refused(resource: R, error: LbError): void;
}

/** `anew`: everything, and what was known before is of another history: it yields to what is listed now. */
export type Relist = 'all' | 'unproven' | 'anew';

/** The cloud as the speaker reads it, through YurtHub or straight. */
export interface AnnouncementFeed<R extends ReadResource = Resource> {
  start(listener: FeedListener<R>): void;
  /** Nodes and ConfigMaps of this NodePool are read from now on; undefined: of none. */
  followPool(nodePool: string | undefined): void;
  /** The pause to the next cheap contact, asked before each. */
  pace(pauseMs: () => number): void;
  /** Lists again: everything, or only what was last listed without proof. */
  relist(which: Relist): void;
  stop(): void;
}

/** A Warning or a word, for `kubectl describe`. */
interface EventWord {
  readonly type: 'Warning' | 'Normal';
  readonly reason: SpeakerWarning | SpeakerNews;
  /** CamelCase: what was done about it. */
  readonly action: string;
  readonly note: string;
  /** When it happened, milliseconds since the epoch. */
  readonly atWallMs: number;
  /** When it happened last, where that is another time, or when what lasted ended. */
  readonly lastWallMs?: number;
  /** How often it happened; absent: once. */
  readonly count?: number;
}

export interface ServiceEvent extends EventWord {
  readonly serviceKey: string;
  readonly serviceUid: string;
}

/** A word on a Node. */
export interface NodeEvent extends EventWord {
  readonly nodeName: string;
}

export type ReportedEvent = ServiceEvent | NodeEvent;

export interface EventSink {
  /** @returns whether the API itself took it: a YurtHub offline says 201 and keeps nothing */
  send(event: ReportedEvent): Promise<boolean>;
}
