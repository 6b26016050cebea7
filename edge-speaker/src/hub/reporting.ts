import type { NodeFacts } from '@openyurt/nodepool-types';
import type { AnnouncerEvent } from '../announce/announcer-event.ts';
import type { Judged } from '../candidates/candidate-index.ts';
import type { ConflictPause } from '../candidates/conflict-pause.ts';
import type { Candidates } from '../candidates/offers.ts';
import type { View } from '../offline/adopt.ts';
import type { CloudLink } from '../offline/cloud-link.ts';
import type { LinkTurn } from '../offline/cloud-watch.ts';
import type { NodeWord } from '../ports/report-sink.ts';
import { AnnouncerFacts } from './announcer-facts.ts';
import type { Effect } from './facts.ts';
import { OutageReports } from './outage-reports.ts';
import { OwnReport } from './own-report.ts';
import type { KnownConflict } from './reported-conflicts.ts';
import { ServiceReports } from './service-reports.ts';

export interface ReportingParts {
  readonly nodeName: string;
  readonly view: View;
  readonly conflicts: ConflictPause;
  readonly candidates: () => Candidates;
  readonly wallMs: () => number;
}

/** What people and the cloud are told: Events on Services, the story of each outage, the report of this node. */
export class Reporting {
  private readonly services: ServiceReports;
  private readonly outages: OutageReports;
  private readonly own: OwnReport;
  private readonly announcerFacts: AnnouncerFacts;

  constructor(
    private readonly parts: ReportingParts,
    nowMs: number,
  ) {
    const { nodeName, view, conflicts, candidates, wallMs } = parts;
    const uidOf = (key: string) => view.services.get(key)?.metadata.uid;
    const keysOf = (address: string) => candidates().byAddress.get(address)?.serviceKeys ?? [];
    const uidsOf = (address: string) => candidates().byAddress.get(address)?.serviceUids ?? [];
    this.services = new ServiceReports({ nodeName, uidOf, wallMs });
    this.outages = new OutageReports({ nodeName, keysOf, uidOf, wallMs }, view.outage, nowMs);
    this.own = new OwnReport({ nodeName, uidsOf, wallMs });
    const { services: reports, outages, own: ownReport } = this;
    this.announcerFacts = new AnnouncerFacts({ conflicts, reports, outages, ownReport, keysOf });
  }

  /** Since when the cloud has been away, over restarts; undefined: it is there, or only in doubt. Monotonic, also negative. */
  get awaySinceMs(): number | undefined {
    return this.outages.awaySinceMs;
  }

  /** What this node would tell the cloud of itself now. */
  read({ kind, sinceMs }: CloudLink, nowMs: number): NodeWord {
    return this.own.read(kind, this.awaySinceMs ?? sinceMs, nowMs);
  }

  conflictOf(address: string): KnownConflict | undefined {
    return this.own.conflictOf(address);
  }

  /** Since when this node announces it, monotonic ms. */
  announcedSinceMs(address: string): number | undefined {
    return this.own.announcedSinceMs(address);
  }

  announcer(event: AnnouncerEvent, nowMs: number): Effect[] {
    return this.announcerFacts.take(event, nowMs);
  }

  /** The cloud went, or came back. */
  turn(turn: LinkTurn, nowMs: number): Effect[] {
    return [...this.outages.turn(turn, nowMs), ...this.own.turn(turn, nowMs)];
  }

  /** Another NodePool: what was told is to be told anew. */
  clear(): void {
    this.services.clear();
  }

  /** @param judged which offers may rest on dead endpoints now, or no more @returns whether the disk has something to remember */
  outage(judged: readonly Judged[], nowMs: number): boolean {
    const { byAddress } = this.parts.candidates();
    const died = judged.some(({ before, after }) => (before?.endpoints === 'dead') !== (after?.endpoints === 'dead'));
    this.outages.settle((address) => byAddress.get(address)?.endpoints === 'dead', nowMs, died);
    return this.store(nowMs);
  }

  /** @param nodes those of the NodePool: the first of them speaks for it */
  notes(nodes: readonly NodeFacts[], connected: boolean, nowMs: number): Effect[] {
    const spokesman = nodes.every(({ name }) => name >= this.parts.nodeName);
    return this.services.notes(this.parts.candidates(), connected, spokesman, nowMs);
  }

  node(nodePool: string | undefined, nowMs: number): Effect[] {
    const { byAddress } = this.parts.candidates();
    const self = this.parts.view.self.get(this.parts.nodeName);
    return this.own.settle({ self, nodePool, isOfPool: (address) => byAddress.has(address) }, nowMs);
  }

  /** @param whatever the process ends: what the disk should know of an absence of the cloud, it should know now */
  store(nowMs: number, whatever = false): boolean {
    const { view } = this.parts;
    const stored = this.outages.stored(nowMs, whatever);
    if (stored === view.outage) return false;
    view.outage = stored;
    return true;
  }

  /** When something is to be told by time alone. */
  dueMs(nowMs: number): (number | undefined)[] {
    return [this.services.nextMs(this.parts.candidates(), nowMs), this.outages.storeDueMs(), this.own.dueMs(nowMs)];
  }
}
