import { NODE_REPORT_VERSION, type NodeFacts, type NodeReport, type ReportedConflict } from '@openyurt/nodepool-types';
import type { AnnouncerEvent } from '../announce/announcer-event.ts';
import type { LinkTurn } from '../offline/cloud-watch.ts';
import type { NodeWord } from '../ports/report-sink.ts';
import type { Effect } from './facts.ts';
import { type ConflictPlace, type HeardConflict, type KnownConflict, ReportedConflicts } from './reported-conflicts.ts';

export interface OwnReportParts {
  readonly nodeName: string;
  readonly uidsOf: (address: string) => readonly string[];
  readonly wallMs: () => number;
}

/** What the report is about. */
export interface ReportPlace {
  readonly self: NodeFacts | undefined;
  readonly nodePool: string | undefined;
  readonly isOfPool: (address: string) => boolean;
}

/**
 * What this node would tell the cloud of itself right now, and when that is news. Facts carry monotonic times; dates are
 * reckoned back from the clock of the moment in which the report is written, so one that was set right meanwhile sets them
 * right too.
 */
export class OwnReport {
  private readonly announcedMs = new Map<string, number>();
  private readonly conflicts = new ReportedConflicts();
  private connectedMs: number | undefined;
  private place: ReportPlace = { self: undefined, nodePool: undefined, isOfPool: () => false };

  constructor(private readonly parts: OwnReportParts) {}

  /** @param event what the announcer tells of one address; `retryMs` of a failed one is until it is offered again */
  announcer(event: AnnouncerEvent, nowMs: number): Effect[] {
    switch (event.kind) {
      case 'announced':
        if (this.announcedMs.has(event.address)) return [];
        this.announcedMs.set(event.address, nowMs);
        return told(false);
      case 'withdrawn':
        this.conflicts.withdrawn(event.address);
        return this.announcedMs.delete(event.address) ? told(false) : [];
      case 'failed':
      case 'conflict': {
        const { address, byMac, link } = event;
        const heard: HeardConflict = { address, byMac, link, services: this.parts.uidsOf(address) };
        if (event.kind === 'conflict') return this.conflicts.contested(heard, nowMs) ? told(true) : [];
        this.announcedMs.delete(address);
        return this.conflicts.refused(heard, nowMs + event.retryMs, nowMs) ? told(true) : [];
      }
      default:
        return [];
    }
  }

  /** A doubt that passes is no news, an outage that ended is. */
  turn({ before, after }: LinkTurn, nowMs: number): Effect[] {
    if (after !== 'connected' || (before !== 'offline' && this.connectedMs !== undefined)) return [];
    this.connectedMs = nowMs;
    return told(false);
  }

  /** Looks at what the report is about, and forgets conflicts that are over. */
  settle(place: ReportPlace, nowMs: number): Effect[] {
    const { nodePool, self } = this.place;
    this.place = place;
    if (nodePool !== place.nodePool) this.conflicts.clear(); // its addresses are of another LAN
    const moved = nodePool !== place.nodePool || self?.uid !== place.self?.uid;
    return this.conflicts.sweep(this.standing(), nowMs) || moved ? told(false) : [];
  }

  /** Milliseconds at which a conflict may be over without a fact; undefined: none is known. */
  dueMs(nowMs: number): number | undefined {
    return this.conflicts.dueMs(this.standing(), nowMs);
  }

  /** Since when this node announces it, monotonic ms. */
  announcedSinceMs(address: string): number | undefined {
    return this.announcedMs.get(address);
  }

  /** The host that uses an address of ours, as it was heard last. */
  conflictOf(address: string): KnownConflict | undefined {
    return this.conflicts.lastOf(address);
  }

  /** The report as it stands. A node in no NodePool has none. */
  read(cloud: NodeReport['cloud']['state'], sinceMs: number, nowMs: number): NodeWord {
    const { nodeName, wallMs } = this.parts;
    const { self, nodePool } = this.place;
    const node = { nodeName, ...(self?.uid === undefined ? {} : { nodeUid: self.uid }) };
    if (nodePool === undefined) return { ...node, report: undefined };
    const startMs = wallMs() - nowMs;
    const time = (ms: number) => new Date(startMs + ms).toISOString();
    const since = cloud === 'connected' ? (this.connectedMs ?? sinceMs) : sinceMs;
    return {
      ...node,
      report: {
        version: NODE_REPORT_VERSION,
        node: nodeName,
        nodePool,
        writtenAt: time(nowMs),
        cloud: { state: cloud, since: time(since) },
        announced: [...this.announcedMs].map(([address, ms]) => ({ address, since: time(ms) })),
        // Where there is no room for all, the last heard matter most.
        conflicts: this.conflicts.newestFirst().map(
          ({ firstMs, lastMs, address, byMac, link, kind, services }): ReportedConflict => ({
            ...{ address, kind, byMac, link, since: time(firstMs), lastSeen: time(lastMs), services },
          }),
        ),
      },
    };
  }

  private standing(): ConflictPlace {
    return { isOfPool: this.place.isOfPool, sinceMs: (address) => this.announcedMs.get(address) };
  }
}

function told(urgent: boolean): Effect[] {
  return [{ kind: 'tell-cloud', urgent }];
}
