import type { Clock, Log, SiteConfig, Timers } from '@openyurt/nodepool-types';
import type { Announcer } from '../announce/announcer.ts';
import type { Speaker } from '../hub/speaker.ts';
import type { PoolSession, PoolSessionEvents } from '../pool-session.ts';
import type { AnnouncementFeed, ReportedEvent } from '../ports/announcement-feed.ts';
import type { Links } from '../ports/links.ts';

/** What the driver carries facts and effects between. */
export interface DriverParts {
  readonly speaker: Speaker;
  readonly announcer: Announcer;
  readonly links: Links;
  readonly feed: AnnouncementFeed;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** An address was told to be announced this long before its first frame. */
  readonly takenOver: (seconds: number) => void;
  /** A session of its own for each NodePool; not yet started. */
  readonly makeSession: (
    nodePool: string,
    site: SiteConfig,
    announcedBefore: string[],
    on: PoolSessionEvents,
  ) => PoolSession;
  /** The view may have changed: write it when it is time. */
  readonly touch: () => void;
  readonly report: (event: ReportedEvent) => void;
  /** The node's own report has changed. */
  readonly tellCloud: (urgent: boolean) => void;
  /** The hub has judged: which endpoints it wants asked may be others now. */
  readonly judged: () => void;
  readonly onLink: (connected: boolean) => void;
}
