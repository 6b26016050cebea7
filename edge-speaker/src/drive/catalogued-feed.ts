import type { Log } from '@openyurt/nodepool-types';
import type { Resource } from '../offline/adopt.ts';
import { type Catalogue, type ReadResource, SHOWN_ONLY } from '../offline/catalogue.ts';
import { CatalogueIntake } from '../offline/catalogue-intake.ts';
import type { AnnouncementFeed, FeedListener, Relist } from '../ports/announcement-feed.ts';

export interface CataloguedFeedParts {
  readonly feed: AnnouncementFeed<ReadResource>;
  readonly catalogue: Catalogue;
  readonly log: Log;
  readonly monotonicMs: () => number;
  /** Runs what can wait until what is due has run. */
  readonly later: (run: () => void) => void;
}

/**
 * The feed as the hub hears it: what the hub decides by is passed on, all is put into the catalogue. Trouble with what is
 * only shown is no trouble of announcing: a cluster without OpenYurt's definitions is no error.
 */
export class CataloguedFeed implements AnnouncementFeed {
  private readonly said = new Set<string>();
  private readonly intake: CatalogueIntake;

  constructor(private readonly parts: CataloguedFeedParts) {
    this.intake = new CatalogueIntake(parts.later, (err) => parts.log.error('catalogue not kept up', { err }));
  }

  start(listener: FeedListener): void {
    const { feed, catalogue, monotonicMs } = this.parts;
    const { intake } = this;
    feed.start({
      listed: (resource, objects, resourceVersion, proven) => {
        if (decides(resource)) listener.listed(resource, objects, resourceVersion, proven);
        intake.take(catalogue.listed(resource, objects, resourceVersion, proven, monotonicMs()));
      },
      changed: (resource, type, object) => {
        if (decides(resource)) listener.changed(resource, type, object);
        const nowMs = monotonicMs();
        intake.run(() => catalogue.changed(resource, type, object, nowMs));
      },
      reached: (resource, resourceVersion) => {
        intake.run(() => catalogue.reached(resource, resourceVersion));
        if (decides(resource)) listener.reached(resource, resourceVersion);
      },
      contact: (contact, error) => listener.contact(contact, error),
      refused: (resource, error) => {
        if (decides(resource)) listener.refused(resource, error);
        else if (error.message.includes('HTTP 403') && !this.said.has(resource)) {
          this.said.add(resource);
          this.parts.log.warn('not allowed to read what the local API would show', { resource, err: error });
        }
      },
    });
  }

  followPool(nodePool: string | undefined): void {
    this.parts.catalogue.followPool(nodePool);
    this.parts.feed.followPool(nodePool);
  }

  pace(pauseMs: () => number): void {
    this.parts.feed.pace(pauseMs);
  }

  relist(which: Relist): void {
    if (which === 'anew') this.intake.run(() => this.parts.catalogue.outlive());
    this.parts.feed.relist(which);
  }

  stop(): void {
    this.parts.feed.stop();
  }
}

function decides(resource: ReadResource): resource is Resource {
  return !(SHOWN_ONLY as readonly string[]).includes(resource);
}
