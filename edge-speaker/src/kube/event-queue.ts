import type { Clock, Log, Timers } from '@openyurt/nodepool-types';
import type { EventSink, ReportedEvent } from '../ports/announcement-feed.ts';

/** Beyond it the oldest go. */
export const MOST_EVENTS = 250;
export const RETRY_MS = 5_000;

/** An event and how far the wall clock was ahead of the monotonic one when it came. */
interface Waiting {
  readonly event: ReportedEvent;
  readonly aheadMs: number;
}

/**
 * Events wait here until the cloud is proven present, with the time at which they happened. Where the wall clock was set
 * meanwhile (a node without a battery-backed one is put right when the network is back), their times are moved with it.
 */
export class EventQueue {
  private readonly waiting = new Map<string, Waiting>();
  private sending = false;
  private open = false;
  private dropped = 0;
  private retrying = false;

  constructor(
    private readonly sink: EventSink,
    private readonly log: Log,
    private readonly clock: Clock,
    private readonly timers: Timers,
  ) {}

  /** The same word on the same object again is counted with the one that still waits. */
  add(event: ReportedEvent): void {
    const key = keyOf(event);
    const before = this.waiting.get(key);
    const aheadMs = this.aheadMs();
    const merged = before === undefined ? event : merge(moved(before, aheadMs), event);
    this.waiting.set(key, { event: merged, aheadMs });
    const [oldest] = this.waiting.keys();
    if (this.waiting.size > MOST_EVENTS && oldest !== undefined) {
      this.waiting.delete(oldest);
      this.dropped++;
    }
    void this.send();
  }

  /** @param open the cloud is connected */
  setOpen(open: boolean): void {
    this.open = open;
    void this.send();
  }

  private async send(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    for (const [key, waiting] of this.waiting) {
      if (!this.open) break;
      this.waiting.delete(key);
      if (!(await this.sink.send(moved(waiting, this.aheadMs())))) {
        this.putBack(key, waiting);
        break;
      }
      this.log.debug('event sent', { reason: waiting.event.reason });
    }
    if (this.open && this.dropped > 0) {
      this.log.warn('more events than are kept; the oldest were not sent', { dropped: this.dropped });
      this.dropped = 0;
    }
    this.sending = false;
  }

  /** A cloud that has just come back refuses much: it is asked again, if nothing else comes before. */
  private putBack(key: string, { event, aheadMs }: Waiting): void {
    const since = this.waiting.get(key);
    const merged = since === undefined ? event : merge(moved({ event, aheadMs }, since.aheadMs), since.event);
    this.waiting.set(key, { event: merged, aheadMs: since?.aheadMs ?? aheadMs });
    if (this.retrying) return;
    this.retrying = true;
    this.timers.after(RETRY_MS, () => {
      this.retrying = false;
      void this.send();
    });
  }

  private aheadMs(): number {
    return this.clock.wallMs() - this.clock.monotonicMs();
  }
}

function keyOf(event: ReportedEvent): string {
  const about = 'nodeName' in event ? `node ${event.nodeName}` : event.serviceUid;
  return `${about} ${event.reason} ${event.note}`;
}

function merge(before: ReportedEvent, again: ReportedEvent): ReportedEvent {
  const count = (before.count ?? 1) + (again.count ?? 1);
  const lastWallMs = again.lastWallMs ?? again.atWallMs;
  return { ...again, atWallMs: before.atWallMs, lastWallMs, count };
}

function moved({ event, aheadMs }: Waiting, nowAheadMs: number): ReportedEvent {
  const byMs = nowAheadMs - aheadMs;
  const { atWallMs, lastWallMs } = event;
  const last = lastWallMs === undefined ? {} : { lastWallMs: lastWallMs + byMs };
  return { ...event, atWallMs: atWallMs + byMs, ...last };
}
