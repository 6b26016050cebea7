import { CatalogueChanges } from '../offline/catalogue-changes.ts';
import { kubeTime } from './age.ts';

/** Who announces one address, as this node sees it. Times are monotonic milliseconds. */
export interface AnnouncementFact {
  readonly address: string;
  /** `namespace/name` of the Services that hold it. */
  readonly services: readonly string[];
  readonly owner: string | undefined;
  /** When this node learnt of that owner. */
  readonly ownerSinceMs: number | undefined;
  /** What this node does: `announced on eth0`, `stands by`, or why it does not offer it. */
  readonly here: string;
  /** Where the Services come from and when they were adopted. */
  readonly known: { readonly from: string; readonly sinceMs: number } | undefined;
}

/** The road to the cloud. Times are monotonic milliseconds. */
export interface CloudFact {
  readonly state: string;
  readonly sinceMs: number;
  readonly contactMs: number | undefined;
}

export interface AnnouncementParts {
  readonly read: () => { readonly announcements: readonly AnnouncementFact[]; readonly cloud: CloudFact };
  readonly monotonicMs: () => number;
  readonly wallMs: () => number;
}

/**
 * Announcements as API objects. They are made when they are asked for; what changed is found by comparing with the last
 * look, so a watch costs nothing where nobody watches. Dates are reckoned back from the clock of the moment: one that is
 * set right after a start without a clock sets them right too.
 */
export class Announcements {
  readonly known = true;
  /** Counted from the time of the start, so that a watch from before a restart is told that it is too old. */
  readonly changes: CatalogueChanges;
  private readonly last = new Map<string, { text: string; fact: string; revision: bigint }>();

  constructor(private readonly parts: AnnouncementParts) {
    this.changes = new CatalogueChanges(BigInt(Math.trunc(parts.wallMs())));
  }

  /** Looks, and records what changed since the last look; dates that only moved with a clock are no change. */
  poll(): void {
    const { announcements, cloud } = this.parts.read();
    const { contactMs: _, ...road } = cloud;
    const seen = new Set<string>();
    for (const announcement of announcements) {
      const key = announcement.address;
      seen.add(key);
      const { known, ...rest } = announcement;
      const fact = JSON.stringify([rest, known?.from, road]);
      const before = this.last.get(key);
      const revision = before?.fact === fact ? before.revision : this.changes.revision + 1n;
      const text = this.textOf(announcement, cloud, revision);
      this.last.set(key, { text, fact, revision });
      if (before?.fact !== fact) this.changes.record(key, before?.text, text, 0n);
    }
    for (const [key, { text }] of this.last) {
      if (seen.has(key)) continue;
      this.last.delete(key);
      this.changes.record(key, text, undefined, 0n);
    }
  }

  get(key: string): string | undefined {
    this.poll();
    return this.last.get(key)?.text;
  }

  entries(): [string, string][] {
    this.poll();
    const entries = [...this.last].map(([key, { text }]): [string, string] => [key, text]);
    return entries.sort(([a], [b]) => (a < b ? -1 : 1));
  }

  private textOf(
    { address, services, owner, ownerSinceMs, here, known }: AnnouncementFact,
    cloud: CloudFact,
    revision: bigint,
  ): string {
    const { monotonicMs, wallMs } = this.parts;
    const startWallMs = wallMs() - monotonicMs();
    const time = (ms: number | undefined) => (ms === undefined ? undefined : kubeTime(startWallMs + ms));
    return JSON.stringify({
      metadata: { name: address, resourceVersion: String(revision), creationTimestamp: time(ownerSinceMs) },
      spec: { address, services },
      status: {
        owner,
        ownerSince: time(ownerSinceMs),
        here,
        cloud: { state: cloud.state, since: time(cloud.sinceMs), lastContact: time(cloud.contactMs) },
        known: known === undefined ? undefined : { from: known.from, since: time(known.sinceMs) },
      },
    });
  }
}
