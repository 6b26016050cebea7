import type { KubeObject, LbError, SiteConfig } from '@openyurt/nodepool-types';
import type { AnnouncerEvent } from '../announce/announcer-event.ts';
import type { Contact } from '../offline/cloud-link.ts';
import type { LinkTurn } from '../offline/cloud-watch.ts';
import type { SiteWord } from '../offline/site-text.ts';
import type { KnownMember, OfferChanges, OfferItem } from '../pool-session.ts';
import type { Relist, ReportedEvent, Resource, WatchEventType } from '../ports/announcement-feed.ts';

/** What the hub may hear. */
export type Fact =
  | {
      readonly kind: 'listed';
      readonly resource: Resource;
      readonly objects: readonly KubeObject[];
      readonly resourceVersion: bigint | undefined;
      readonly proven: boolean;
    }
  | {
      readonly kind: 'changed';
      readonly resource: Resource;
      readonly type: WatchEventType;
      readonly object: KubeObject;
    }
  | { readonly kind: 'reached'; readonly resource: Resource; readonly resourceVersion: bigint }
  | { readonly kind: 'contact'; readonly contact: Contact; readonly error?: LbError | undefined }
  | { readonly kind: 'refused'; readonly resource: Resource; readonly error: LbError }
  | { readonly kind: 'announcer'; readonly event: AnnouncerEvent };

/** What the hub wants done. Offers are judged in `settle`, which the driver calls soon after a fact. */
export type Effect =
  /** This node's NodePool is known, or another one: end the session there was, begin one there. */
  | { readonly kind: 'join'; readonly nodePool: string }
  /** This node is in no NodePool. */
  | { readonly kind: 'leave' }
  | { readonly kind: 'follow'; readonly nodePool: string | undefined }
  | { readonly kind: 'configure'; readonly site: SiteConfig }
  | { readonly kind: 'members'; readonly members: readonly KnownMember[] }
  | { readonly kind: 'offer'; readonly items: readonly OfferItem[]; readonly seenRv: bigint }
  /** Of what `offer` told. */
  | ({ readonly kind: 'offers-changed' } & OfferChanges)
  | { readonly kind: 'relist'; readonly which: Relist }
  /** The session must give the address up: it cannot be announced here. */
  | { readonly kind: 'fail-claim'; readonly address: string }
  /** Something came that the disk should remember. */
  | { readonly kind: 'touch' }
  | { readonly kind: 'report'; readonly event: ReportedEvent }
  /** The node's own report says something else now. `urgent`: a conflict is among it. */
  | { readonly kind: 'tell-cloud'; readonly urgent: boolean }
  | ({ readonly kind: 'link' } & LinkTurn)
  | SiteWord;
