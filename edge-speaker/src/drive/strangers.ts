import type { Timers } from '@openyurt/nodepool-types';
import type { AnnouncerEvent } from '../announce/announcer-event.ts';

/** Members say hello each 100 ms when they start, and a session is a round trip or two more. */
export const MEET_MS = 1_000;

type Objection = Extract<AnnouncerEvent, { kind: 'failed' }>;

export interface StrangersParts {
  readonly timers: Timers;
  readonly isMember: (mac: string) => boolean;
  /** It was a member, met by now. */
  readonly member: (objection: Objection) => void;
  readonly stranger: (objection: Objection) => void;
}

/**
 * Who objects to a probe with a MAC that nobody knows may be a member that was not met yet: nodes that get power at once ask for
 * the same new addresses before they hear each other. The address is given up at once; that another host has it is said, and
 * acted upon in the cloud, only when the members had time to meet.
 */
export class Strangers {
  private readonly waiting = new Map<string, () => void>();

  constructor(private readonly parts: StrangersParts) {}

  heard(objection: Objection): void {
    const { timers, isMember, member, stranger } = this.parts;
    const key = `${objection.address} ${objection.byMac}`;
    if (this.waiting.has(key)) return;
    const cancel = timers.after(MEET_MS, () => {
      this.waiting.delete(key);
      if (isMember(objection.byMac)) member(objection);
      else stranger(objection);
    });
    this.waiting.set(key, cancel);
  }

  stop(): void {
    for (const cancel of this.waiting.values()) cancel();
    this.waiting.clear();
  }
}
