import type { KubeObject, LbError } from '@openyurt/nodepool-types';
import type { Resource, WatchEventType } from '../offline/adopt.ts';
import type { Contact } from '../offline/cloud-link.ts';

export type { Resource, WatchEventType } from '../offline/adopt.ts';
export type { Contact } from '../offline/cloud-link.ts';

/** What the feed brings, in the order in which it came. An error says nothing about objects: it is for people to read. */
export interface FeedListener {
  /**
   * A whole list.
   * @param resourceVersion undefined where the list carries none (an offline hub's empty cache)
   * @param proven the API was seen present after the list was received
   */
  listed(
    resource: Resource,
    objects: readonly KubeObject[],
    resourceVersion: bigint | undefined,
    proven: boolean,
  ): void;
  changed(resource: Resource, type: WatchEventType, object: KubeObject): void;
  /** A watch moved on to this resourceVersion without a change. */
  reached(resource: Resource, resourceVersion: bigint): void;
  /** What one contact told about the road to the cloud. @param error why it failed: the kind, the URL, the remedy */
  contact(contact: Contact, error?: LbError): void;
  /** A list or watch got another answer than asked for (403, 503, no list); it is asked again. */
  refused(resource: Resource, error: LbError): void;
}

/** The cloud as the speaker reads it, through YurtHub or straight. */
export interface AnnouncementFeed {
  start(listener: FeedListener): void;
  /** Nodes and ConfigMaps of this NodePool are read from now on; undefined: of none. */
  followPool(nodePool: string | undefined): void;
  /** The pause to the next cheap contact, asked before each. */
  pace(pauseMs: () => number): void;
  /** Lists again: everything, or only what was last listed without proof. */
  relist(which: 'all' | 'unproven'): void;
  stop(): void;
}

/** A Warning or a word on a Service, for `kubectl describe`. */
export interface ServiceEvent {
  readonly serviceKey: string;
  readonly serviceUid: string;
  readonly type: 'Warning' | 'Normal';
  /** CamelCase, fixed. */
  readonly reason: string;
  /** CamelCase: what was done about it. */
  readonly action: string;
  readonly note: string;
  /** When it happened, milliseconds since the epoch. */
  readonly atWallMs: number;
}

export interface EventSink {
  /** @returns whether the API itself took it: a YurtHub offline says 201 and keeps nothing */
  send(event: ServiceEvent): Promise<boolean>;
}
