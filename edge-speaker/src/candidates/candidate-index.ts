import { decodeAnnouncements } from '@openyurt/nodepool-types';
import {
  type Candidate,
  type Candidates,
  type CandidateWorld,
  type Holder,
  judgeAddress,
  type ServiceNote,
} from './offers.ts';

/** What one turn of the loop has room for, Services and addresses: heartbeats come first. */
export interface TurnSize {
  readonly decoded: number;
  readonly judged: number;
}

export const TURN_SIZE: TurnSize = { decoded: 256, judged: 128 };

/** One address judged anew. Absent before or after: it was, or is, no address of the NodePool. */
export interface Judged {
  readonly address: string;
  readonly before: Candidate | undefined;
  readonly after: Candidate | undefined;
}

/**
 * The NodePool's addresses and what this node makes of each, kept up by what changed: a Service, or something an address is
 * judged by. Until its turn has come an address stands as it was judged last.
 */
export class CandidateIndex implements Candidates {
  readonly byAddress = new Map<string, Candidate>();
  readonly unserved = new Set<string>();
  /** Links on which addresses would be announced. */
  private readonly onLink = new Map<string, number>();
  private readonly notesOf = new Map<string, ServiceNote>();
  private readonly addressesOf = new Map<string, readonly string[]>();
  /** By address, then by the key of the Service. */
  private readonly holders = new Map<string, Map<string, Holder>>();
  private readonly dueServices = new Set<string>();
  private readonly dueAddresses = new Set<string>();

  constructor(private readonly turn: TurnSize = TURN_SIZE) {}

  get notes(): readonly ServiceNote[] {
    return [...this.notesOf.values()];
  }

  get links(): ReadonlySet<string> {
    return new Set(this.onLink.keys());
  }

  /** There is something to judge. */
  get isDue(): boolean {
    return this.dueServices.size + this.dueAddresses.size > 0;
  }

  /** The Service came, went or changed, or its endpoints did. */
  touchService(key: string): void {
    this.dueServices.add(key);
  }

  touchAddress(address: string): void {
    if (this.holders.has(address)) this.dueAddresses.add(address);
  }

  /** Something changed that every address is judged by. */
  touchAll(): void {
    for (const address of this.holders.keys()) this.dueAddresses.add(address);
  }

  /**
   * Judges what is due, as much as one turn has room for. Services come first, all of them: an address may go from one to
   * another, and must not be taken for given up between the two.
   */
  advance(world: CandidateWorld): Judged[] {
    for (const key of firstOf(this.dueServices, this.turn.decoded)) {
      this.dueServices.delete(key);
      this.decode(key, world);
    }
    if (this.dueServices.size > 0) return [];
    return firstOf(this.dueAddresses, this.turn.judged).map((address) => this.judge(address, world));
  }

  private decode(key: string, world: CandidateWorld): void {
    const service = world.serviceOf(key);
    const { announcements, hidden } =
      service === undefined ? { announcements: [] } : decodeAnnouncements(service, world.nodePool);
    if (hidden === undefined) this.notesOf.delete(key);
    else this.notesOf.set(key, { serviceKey: key, ...hidden });
    for (const address of this.addressesOf.get(key) ?? []) {
      this.holders.get(address)?.delete(key);
      this.dueAddresses.add(address);
    }
    for (const announcement of announcements) {
      const { address } = announcement;
      const held = this.holders.get(address) ?? new Map<string, Holder>();
      if (service !== undefined) held.set(key, { announcement, service });
      this.holders.set(address, held);
      this.dueAddresses.add(address);
    }
    if (announcements.length === 0) this.addressesOf.delete(key);
    else {
      this.addressesOf.set(
        key,
        announcements.map(({ address }) => address),
      );
    }
  }

  private judge(address: string, world: CandidateWorld): Judged {
    this.dueAddresses.delete(address);
    const before = this.byAddress.get(address);
    const held = [...(this.holders.get(address)?.values() ?? [])];
    const after = held.length === 0 ? undefined : judgeAddress(address, held, world);
    if (after === undefined) this.holders.delete(address);
    if (after === undefined) this.byAddress.delete(address);
    else this.byAddress.set(address, after);
    if (after?.unserved === true) this.unserved.add(address);
    else this.unserved.delete(address);
    if (before?.link !== after?.link) {
      this.count(before?.link, -1);
      this.count(after?.link, 1);
    }
    return { address, before, after };
  }

  private count(link: string | undefined, by: 1 | -1): void {
    if (link === undefined) return;
    const addresses = (this.onLink.get(link) ?? 0) + by;
    if (addresses === 0) this.onLink.delete(link);
    else this.onLink.set(link, addresses);
  }
}

function firstOf(keys: ReadonlySet<string>, most: number): string[] {
  const first: string[] = [];
  for (const key of keys) {
    if (first.length === most) break;
    first.push(key);
  }
  return first;
}
