import type { Clock, Log, Random, Timers } from '@openyurt/nodepool-types';
import type { NodeWord, ReportOutcome, ReportSink } from '../ports/report-sink.ts';

/** Between two reports of which the first was about a conflict, or any two, at least. */
export const CONFLICTS_BETWEEN_MS = 5_000;
export const BETWEEN_MS = 30_000;
/** Conflicts that come sooner after one another are of one run: all but the first few of it wait longer and longer. */
export const CALM_MS = 300_000;
const QUICK_OF_RUN = 3;
/** The first report of a process is written this soon: speakers start one after another. */
export const FIRST_WITHIN_MS = 3_000;
/** After a failure; doubles up to the longest. What was refused waits for the longest at once. */
export const RETRY_MIN_MS = 5_000;
export const RETRY_MAX_MS = 300_000;

export interface ReportPaceParts {
  readonly sink: ReportSink;
  readonly read: () => NodeWord;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  readonly count: (outcome: ReportOutcome['kind']) => void;
}

/**
 * When the node's report is written: soon for a conflict, some time within half a minute for anything else, never while the
 * cloud is not connected, and once more when it is back. What happens in every site at once (the cloud returns, a Service
 * comes) is written in each at a time of its own.
 */
export class ReportPace {
  private open = false;
  private writing = false;
  private stopped = false;
  /** Counts changes; what was written last is of `written`. */
  private changes = 0;
  private written = 0;
  private urgent = false;
  private dueMs = Number.POSITIVE_INFINITY;
  private lastMs = Number.NEGATIVE_INFINITY;
  private lastUrgentMs = Number.NEGATIVE_INFINITY;
  /** Reports of conflicts in the run that goes on. */
  private run = 0;
  private failures = 0;
  /** After a failure nothing is written before. */
  private notBeforeMs = Number.NEGATIVE_INFINITY;
  private said: string | undefined;
  private cancel: () => void = () => {};

  constructor(private readonly parts: ReportPaceParts) {}

  /** @param urgent a conflict is among it */
  changed(urgent: boolean): void {
    const now = this.parts.clock.monotonicMs();
    this.changes++;
    if (urgent && !this.urgent) {
      this.urgent = true;
      this.dueMs = now;
    } else if (this.dueMs === Number.POSITIVE_INFINITY) {
      this.dueMs = now + this.parts.random() * this.spreadMs;
    }
    this.schedule();
  }

  /** @param open the cloud is connected. It may have been another cloud, or somebody's hand, meanwhile: all is told anew. */
  setOpen(open: boolean): void {
    if (open === this.open) return;
    this.open = open;
    if (open) {
      this.changes++;
      this.failures = 0;
      this.notBeforeMs = Number.NEGATIVE_INFINITY;
      const spreadMs = this.urgent ? CONFLICTS_BETWEEN_MS : this.spreadMs;
      this.dueMs = this.parts.clock.monotonicMs() + this.parts.random() * spreadMs;
    }
    this.schedule();
  }

  stop(): void {
    this.stopped = true;
    this.cancel();
  }

  private get spreadMs(): number {
    return this.lastMs === Number.NEGATIVE_INFINITY ? FIRST_WITHIN_MS : BETWEEN_MS;
  }

  private get urgentGapMs(): number {
    return Math.min(BETWEEN_MS, CONFLICTS_BETWEEN_MS * 2 ** Math.max(0, this.run - QUICK_OF_RUN));
  }

  private schedule(): void {
    this.cancel();
    this.cancel = () => {};
    if (!this.open || this.writing || this.stopped || this.changes === this.written) return;
    const now = this.parts.clock.monotonicMs();
    const restMs = this.urgent ? this.lastUrgentMs + this.urgentGapMs : this.lastMs + BETWEEN_MS;
    const dueMs = Math.max(this.dueMs, restMs, this.notBeforeMs);
    this.cancel = this.parts.timers.after(Math.max(0, dueMs - now), () => void this.write());
  }

  private async write(): Promise<void> {
    const { clock, log, sink, read } = this.parts;
    const { changes, urgent } = this;
    this.writing = true;
    this.urgent = false;
    this.dueMs = Number.POSITIVE_INFINITY;
    const outcome = await sink.write(read());
    const now = clock.monotonicMs();
    this.writing = false;
    this.parts.count(outcome.kind);
    if (outcome.kind === 'taken') {
      this.written = changes;
      this.lastMs = now;
      if (urgent) {
        this.run = now - this.lastUrgentMs < CALM_MS ? this.run + 1 : 1;
        this.lastUrgentMs = now;
      }
      this.failures = 0;
      if (this.said !== undefined) log.info('the cloud takes the report of this node again');
      this.said = undefined;
      log.debug('report written', { urgent });
    } else {
      const { error } = outcome;
      const pauseMs = outcome.kind === 'refused' ? RETRY_MAX_MS : this.pauseMs(outcome.retryAfterMs);
      this.notBeforeMs = now + pauseMs;
      this.urgent ||= urgent;
      if (outcome.kind === 'refused' && this.said !== error.message) {
        this.said = error.message;
        log.warn('the cloud does not take the report of this node', { err: error });
      } else log.debug('report not written', { err: error, retryMs: pauseMs });
    }
    if (this.changes !== this.written && this.dueMs === Number.POSITIVE_INFINITY) this.dueMs = now;
    this.schedule();
  }

  /** Half of it by lot: what failed everywhere at once is not tried again everywhere at once. */
  private pauseMs(retryAfterMs = 0): number {
    const ms = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** this.failures++);
    return Math.max(retryAfterMs, ms * (0.5 + this.parts.random() / 2));
  }
}
