import type { Log } from '@openyurt/nodepool-types';
import type { EventSink, ServiceEvent } from '../ports/announcement-feed.ts';

const MOST = 100;

/** Events wait here until the cloud is proven present, with the time at which they happened; beyond the bound the oldest go. */
export class EventQueue {
  private readonly waiting = new Map<string, ServiceEvent>();
  private sending = false;
  private open = false;

  constructor(
    private readonly sink: EventSink,
    private readonly log: Log,
  ) {}

  /** The same word on the same Service again replaces the one that still waits. */
  add(event: ServiceEvent): void {
    this.waiting.set(`${event.serviceUid} ${event.reason} ${event.note}`, event);
    const [oldest] = this.waiting.keys();
    if (this.waiting.size > MOST && oldest !== undefined) this.waiting.delete(oldest);
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
    for (const [key, event] of this.waiting) {
      if (!this.open) break;
      if (!(await this.sink.send(event))) break;
      this.waiting.delete(key);
      this.log.debug('event sent', { service: event.serviceKey, reason: event.reason });
    }
    this.sending = false;
  }
}
