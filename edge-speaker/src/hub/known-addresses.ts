import type { SiteConfig } from '@openyurt/nodepool-types';
import type { AnnouncerEvent } from '../announce/announcer-event.ts';
import { OBJECTION_MS } from '../announce/timing.ts';
import type { Judged } from '../candidates/candidate-index.ts';
import { NewAddresses, type Newness } from '../candidates/new-addresses.ts';

export interface KnownAddressesParts {
  /** Addresses that a member has announced and nobody objected to; the disk keeps them. */
  readonly announced: Set<string>;
  readonly site: () => SiteConfig;
  readonly isOfPool: (address: string) => boolean;
  /** How long another member has held it; also one that died a moment ago. undefined: nobody has. */
  readonly heldElsewhereMs: (address: string) => number | undefined;
  /** Since when this node announces it, monotonic. */
  readonly announcedSinceMs: (address: string) => number | undefined;
}

/** Which addresses the NodePool has announced before, over restarts, and which the LAN must be asked for. */
export class KnownAddresses {
  private readonly fresh = new NewAddresses();
  private swept = '';

  constructor(private readonly parts: KnownAddressesParts) {}

  /** Another NodePool: of its addresses nothing is known. */
  clear(): void {
    this.fresh.clear();
  }

  /** @param resumed it was withdrawn a moment ago, and nobody has announced it since */
  mustProbe(address: string, resumed: boolean, nowMs: number): boolean {
    return this.fresh.mustProbe(address, resumed, this.newness(nowMs));
  }

  /** Some member announced these: they are taken over without a probe from now on, restarts included. */
  remember(addresses: Iterable<string>): void {
    const { announced, isOfPool } = this.parts;
    for (const address of addresses) if (!this.fresh.has(address) && isOfPool(address)) announced.add(address);
  }

  /** Called before anything else hears of the event. @returns whether the disk has something to remember */
  announcer(event: AnnouncerEvent, nowMs: number): boolean {
    const { announced, isOfPool, announcedSinceMs } = this.parts;
    switch (event.kind) {
      case 'announced':
        if (!this.fresh.has(event.address)) announced.add(event.address);
        return false; // the session tells it with all the others, once a second
      case 'withdrawn':
        this.fresh.withdrawn(event.address, announcedSinceMs(event.address) !== undefined);
        return false;
      case 'failed':
        if (isOfPool(event.address)) this.fresh.refused(event.address, this.newness(nowMs), nowMs);
        return announced.delete(event.address);
      default:
        return false;
    }
  }

  /** @param judged what came to the NodePool or left it @returns whether the disk has something to remember */
  settle(judged: readonly Judged[], nowMs: number): boolean {
    const newness = this.newness(nowMs);
    for (const { address, after } of judged) if (after === undefined) this.parts.announced.delete(address);
    this.fresh.update(judged, this.parts.announced, newness, nowMs);
    const settled = this.fresh.takeSettled(newness, nowMs);
    this.remember(settled);
    return settled.length > 0;
  }

  /** When one of them may be new no more. */
  dueMs(): number | undefined {
    return this.fresh.dueMs();
  }

  /** Of addresses that the disk remembers and the NodePool has no more nothing is kept. @param count how many it has */
  sweep(count: number): void {
    const { announced, isOfPool } = this.parts;
    if (`${announced.size} ${count}` === this.swept) return;
    for (const address of announced) if (!isOfPool(address)) announced.delete(address);
    this.swept = `${announced.size} ${count}`;
  }

  private newness(nowMs: number): Newness {
    const { site, heldElsewhereMs, announcedSinceMs } = this.parts;
    const { count, intervalMs } = site().probes;
    const announcedMs = (address: string) => {
      const sinceMs = announcedSinceMs(address);
      return sinceMs === undefined ? undefined : nowMs - sinceMs;
    };
    return { probingMs: count * intervalMs, objectionMs: OBJECTION_MS, heldElsewhereMs, announcedMs };
  }
}
