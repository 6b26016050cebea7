import type { AnnouncerEvent } from '../announce/announcer-event.ts';
import type { ConflictPause } from '../candidates/conflict-pause.ts';
import type { Effect } from './facts.ts';
import type { OutageReports } from './outage-reports.ts';
import type { OwnReport } from './own-report.ts';
import type { ServiceReports } from './service-reports.ts';

const TAKE_IT_AWAY = 'Take the address from the host with this MAC, or give the Service another one.';

export interface AnnouncerFactsParts {
  readonly conflicts: ConflictPause;
  readonly reports: ServiceReports;
  readonly outages: OutageReports;
  readonly ownReport: OwnReport;
  readonly keysOf: (address: string) => readonly string[];
}

/** What this node's announcer did or met, as the hub hears it: who is to be told, and what is not offered for a while. */
export class AnnouncerFacts {
  constructor(private readonly parts: AnnouncerFactsParts) {}

  take(event: AnnouncerEvent, nowMs: number): Effect[] {
    const { conflicts, reports, outages, ownReport, keysOf } = this.parts;
    switch (event.kind) {
      case 'announced':
        reports.announced(event, nowMs);
        outages.began(event.address, nowMs);
        return ownReport.announcer(event, nowMs);
      case 'withdrawn':
        reports.announced(event, nowMs);
        outages.ended(event.address, nowMs);
        return ownReport.announcer(event, nowMs);
      case 'failed': {
        const { address, byMac, link } = event;
        outages.ended(address, nowMs);
        const retryMs = conflicts.pause(address, byMac, nowMs);
        const fields = { address, byMac, link, services: keysOf(address), retryMs, remedy: TAKE_IT_AWAY };
        return [
          { kind: 'fail-claim', address },
          { kind: 'say', level: 'warn', msg: 'address belongs to another host', fields },
          ...ownReport.announcer({ ...event, retryMs }, nowMs),
          ...this.tell(event, nowMs),
        ];
      }
      case 'conflict':
        return [...ownReport.announcer(event, nowMs), ...this.tell(event, nowMs)];
      case 'duplicate-owner':
        return this.tell(event, nowMs);
      default:
        return [];
    }
  }

  private tell(
    event: Extract<AnnouncerEvent, { kind: 'failed' | 'conflict' | 'duplicate-owner' }>,
    nowMs: number,
  ): Effect[] {
    const { conflicts, reports, keysOf } = this.parts;
    const keys = keysOf(event.address);
    const isNews = conflicts.isNews(`${event.kind} ${event.address}`, `${event.byMac} ${keys}`, nowMs);
    return isNews ? reports.conflict(event, keys) : [];
  }
}
