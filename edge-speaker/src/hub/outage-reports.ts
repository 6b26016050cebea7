import type { LinkTurn } from '../offline/cloud-watch.ts';
import { Outage, type OutageSummary } from '../offline/outage.ts';
import type { StoredOutage } from '../offline/outage-record.ts';
import type { Effect } from './facts.ts';
import { outageEvents } from './outage-events.ts';

/** The disk hears of a change at once, then of what came since at most this often: flash wears. */
export const RECORD_MS = 60_000;
/** Stories that go to the disk. */
export const MOST_RECORDED = 200;
/** A shorter absence in which nothing changed hands is nobody's business. */
export const TELL_MS = 60_000;

export interface OutageReportParts {
  readonly nodeName: string;
  readonly keysOf: (address: string) => readonly string[];
  readonly uidOf: (serviceKey: string) => string | undefined;
  readonly wallMs: () => number;
}

/** Follows each absence of the cloud, and tells what happened in it when it is over: this node's own part, no other's. */
export class OutageReports {
  /** undefined: the cloud is there. A process that starts has not seen it yet. */
  private outage: Outage | undefined;
  private readonly announced = new Set<string>();
  private record: StoredOutage | undefined;
  private recordedMs = Number.NEGATIVE_INFINITY;
  private changed = false;
  /** What is announced, or in which outage, is other than when it was last settled. */
  private moved = true;

  /** @param stored what the disk remembers of an outage that goes on */
  constructor(
    private readonly parts: OutageReportParts,
    stored: StoredOutage | undefined,
    nowMs: number,
  ) {
    this.record = stored;
    this.outage = stored === undefined ? new Outage(nowMs) : Outage.restore(stored, nowMs, parts.wallMs());
  }

  /** Since when the cloud has been away for good, over restarts of this process; undefined: it is there, or only in doubt. */
  get awaySinceMs(): number | undefined {
    return this.outage?.confirmed === true ? this.outage.startMs : undefined;
  }

  turn({ before, after }: LinkTurn, nowMs: number): Effect[] {
    this.moved = true;
    if (after === 'connected') return this.end(nowMs);
    if (before === 'connected') this.outage = new Outage(nowMs);
    if (after === 'offline' && this.outage !== undefined && !this.outage.confirmed) {
      this.outage.confirmed = true;
      this.changed = true;
    }
    return [];
  }

  began(address: string, nowMs: number): void {
    if (this.announced.has(address)) return;
    this.announced.add(address);
    this.moved = true;
    this.outage?.took(address, nowMs);
    this.changed = true;
  }

  ended(address: string, nowMs: number): void {
    if (!this.announced.delete(address)) return;
    this.moved = true;
    this.outage?.lost(address, nowMs);
    this.changed = true;
  }

  /**
   * @param isStale whether all endpoints behind the address are dead
   * @param moved this may have changed: each announced address is looked at
   */
  settle(isStale: (address: string) => boolean, nowMs: number, moved = true): void {
    if (this.outage === undefined || !(moved || this.moved)) return;
    this.moved = false;
    const stale = new Set([...this.announced].filter(isStale));
    this.changed = this.outage.stale(stale, nowMs) || this.changed;
  }

  /** What the disk should remember now. @param whatever also when it was told a moment ago */
  stored(nowMs: number, whatever = false): StoredOutage | undefined {
    if (this.outage?.confirmed !== true || !this.changed) return this.record;
    if (!whatever && nowMs - this.recordedMs < RECORD_MS) return this.record;
    this.changed = false;
    this.recordedMs = nowMs;
    this.record = this.outage.stored(MOST_RECORDED, nowMs, this.parts.wallMs());
    return this.record;
  }

  /** When {@link stored} has something new by itself. */
  storeDueMs(): number | undefined {
    return this.outage?.confirmed === true && this.changed ? this.recordedMs + RECORD_MS : undefined;
  }

  private end(nowMs: number): Effect[] {
    const { outage } = this;
    this.outage = undefined;
    this.record = undefined;
    this.changed = false;
    this.recordedMs = Number.NEGATIVE_INFINITY;
    if (outage?.confirmed !== true) return [];
    const summary = outage.summary(nowMs);
    if (summary.stories.length === 0 && summary.forMs < TELL_MS) return [];
    const { wallMs } = this.parts;
    const events = outageEvents(summary, { ...this.parts, nowMs, wallOf: (ms) => wallMs() - (nowMs - ms) });
    return [tell(summary), ...events.map((event): Effect => ({ kind: 'report', event }))];
  }
}

function tell({ forMs, stories, forgotten }: OutageSummary): Effect {
  const addresses = stories.length + forgotten;
  const staleAddresses = stories.filter(([, { stale }]) => stale.times > 0).length;
  return { kind: 'say', level: 'info', msg: 'the cloud was away', fields: { forMs, addresses, staleAddresses } };
}
