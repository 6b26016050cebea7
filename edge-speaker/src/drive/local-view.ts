import { type Clock, type Log, type Timers, VERSION } from '@openyurt/nodepool-types';
import { LocalApiServer } from '../io/local-api-server.ts';
import { type AnnouncementFact, Announcements, type CloudFact } from '../local-api/announcements.ts';
import { ReadOnlyApi } from '../local-api/local-api.ts';
import { Catalogue, type ReadResource } from '../offline/catalogue.ts';
import type { AnnouncementFeed } from '../ports/announcement-feed.ts';
import type { SnapshotStore } from '../ports/snapshot-store.ts';
import { CatalogueKeeper } from './catalogue-keeper.ts';
import { CataloguedFeed } from './catalogued-feed.ts';

export interface LocalViewParts {
  readonly address: { readonly host: string; readonly port: number };
  readonly nodeName: string;
  /** Of its own, beside the view's. */
  readonly store: SnapshotStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: { named(name: string): Log };
  readonly read: () => { readonly announcements: readonly AnnouncementFact[]; readonly cloud: CloudFact };
}

/** What people see of this node with kubectl: the catalogue, its file, and the local API over it. */
export class LocalView {
  private readonly catalogue = new Catalogue(() => this.keeper.touch());
  private readonly keeper: CatalogueKeeper;
  private readonly server: LocalApiServer;

  constructor(private readonly parts: LocalViewParts) {
    const { address, nodeName, store, clock, timers, log, read } = parts;
    const { catalogue } = this;
    this.keeper = new CatalogueKeeper({ catalogue, nodeName, store, clock, timers, log: log.named('catalogue') });
    const { monotonicMs, wallMs } = clock;
    const announcements = new Announcements({ read, monotonicMs, wallMs });
    const sources = { ...catalogue.shelves, announcements };
    const cloud = () => read().cloud;
    const api = new ReadOnlyApi({ nodeName, version: VERSION, sources, cloud, monotonicMs, wallMs });
    this.server = new LocalApiServer(address, api, log.named('local-api'));
  }

  /** The feed, heard by the catalogue too. */
  over(feed: AnnouncementFeed<ReadResource>): AnnouncementFeed {
    const { clock, timers, log } = this.parts;
    const { catalogue } = this;
    return new CataloguedFeed({
      feed,
      catalogue,
      log: log.named('catalogue'),
      monotonicMs: clock.monotonicMs,
      later: (run) => timers.after(0, run),
    });
  }

  /** After announcing has begun: nothing of this may hold it up. */
  start(): void {
    void this.keeper.start().then(() => this.server.listen());
  }

  /** Writes what is not written. Never throws. */
  async stop(): Promise<void> {
    this.server.close();
    await this.keeper.stop();
  }
}
