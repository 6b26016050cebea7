import type { SpeakerWarning } from '@openyurt/nodepool-types';
import type { AnnouncerEvent } from '../announce/announcer-event.ts';
import type { Candidates, ServiceNote } from '../candidates/offers.ts';
import type { Effect } from './facts.ts';

/** A Service without endpoints in the NodePool is said only after this long: a new one has none for a moment. */
export const UNSERVED_MS = 30_000;

export interface ReportParts {
  readonly nodeName: string;
  readonly uidOf: (serviceKey: string) => string | undefined;
  readonly wallMs: () => number;
}

/** What a Service's owner should hear: said when it begins, not while it lasts, and by one node of the NodePool. */
export class ServiceReports {
  private told = new Set<string>();
  /** Addresses that this node announces, and since when. */
  private readonly announcedMs = new Map<string, number>();

  constructor(private readonly parts: ReportParts) {}

  clear(): void {
    this.told.clear();
  }

  announced(event: Extract<AnnouncerEvent, { kind: 'announced' | 'withdrawn' }>, nowMs: number): void {
    if (event.kind === 'withdrawn') this.announcedMs.delete(event.address);
    else if (!this.announcedMs.has(event.address)) this.announcedMs.set(event.address, nowMs);
  }

  /** @param spokesman this node speaks for the NodePool in what concerns all of its nodes */
  notes(candidates: Candidates, connected: boolean, spokesman: boolean, nowMs: number): Effect[] {
    const now = new Set<string>();
    const effects: Effect[] = [];
    const unserved = connected ? [...this.unserved(candidates, nowMs)] : [];
    for (const note of [...candidates.notes, ...unserved]) {
      const { serviceKey, reason, message } = note;
      const key = `${serviceKey} ${reason} ${message}`;
      now.add(key);
      if (this.told.has(key)) continue;
      effects.push({
        kind: 'say',
        level: 'warn',
        msg: 'service needs attention',
        fields: { service: serviceKey, reason, message },
      });
      if (spokesman || unserved.includes(note)) effects.push(...this.report(serviceKey, reason, 'Announce', message));
    }
    // While the cloud is away nobody knows whether there are endpoints: what was told stays told.
    if (!connected) for (const key of this.told) if (key.includes(' NoEndpoints ')) now.add(key);
    this.told = now;
    return effects;
  }

  conflict(
    event: Extract<AnnouncerEvent, { kind: 'failed' | 'conflict' | 'duplicate-owner' }>,
    serviceKeys: readonly string[],
  ): Effect[] {
    const { kind, address, byMac, link } = event;
    const where = `${address} on ${link} of node ${this.parts.nodeName}`;
    if (kind === 'duplicate-owner') {
      const both = `Two nodes of the NodePool announce ${where}: MAC ${event.ownMac} and MAC ${byMac}. The network between them passes what they announce, but not the pool session: let TCP and UDP of its port through.`;
      return serviceKeys.flatMap((key) => this.report(key, 'DuplicateOwner', 'Announce', both));
    }
    const note =
      kind === 'conflict'
        ? `Another host with MAC ${byMac} uses ${where}. It is still announced; take the address from that host.`
        : `Another host with MAC ${byMac} owns ${where}: it is not announced there. Take the address from that host, or give this Service another one.`;
    const action = kind === 'conflict' ? 'Defend' : 'Withdraw';
    return serviceKeys.flatMap((key) => this.report(key, 'AddressConflict', action, note));
  }

  /** When the next address has been without endpoints for long enough; undefined: none is waited for. */
  nextMs({ unserved }: Candidates, nowMs: number): number | undefined {
    const due = [...unserved]
      .map((address) => (this.announcedMs.get(address) ?? Number.NEGATIVE_INFINITY) + UNSERVED_MS)
      .filter((ms) => ms > nowMs);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  private *unserved({ byAddress, unserved }: Candidates, nowMs: number): IterableIterator<ServiceNote> {
    for (const address of unserved) {
      const sinceMs = this.announcedMs.get(address) ?? Number.POSITIVE_INFINITY;
      const candidate = byAddress.get(address);
      if (candidate === undefined || nowMs - sinceMs < UNSERVED_MS) continue;
      const message = `${address} is announced, but no endpoint in the NodePool serves it. Run a Pod of this Service on one of its nodes.`;
      for (const serviceKey of candidate.serviceKeys) yield { serviceKey, reason: 'NoEndpoints', message };
    }
  }

  private report(serviceKey: string, reason: SpeakerWarning, action: string, note: string): Effect[] {
    const serviceUid = this.parts.uidOf(serviceKey);
    if (serviceUid === undefined) return [];
    const atWallMs = this.parts.wallMs();
    return [{ kind: 'report', event: { serviceKey, serviceUid, type: 'Warning', reason, action, note, atWallMs } }];
  }
}
