import { type LoadBalancerRequest, parseIpAddress } from '@openyurt/nodepool-types';
import type { AddressBook } from '../ipam/address-book.ts';
import type { ConflictVerdict } from '../plan/conflict-condition.ts';
import { keyOf, type SiteAddress, type SiteConflict, type SiteReports } from './site-reports.ts';

/** How long an address is not given out after the last report that a host uses it. */
const AVOID_MS = 3_600_000;
/** Of one NodePool so many are remembered; the oldest make room. */
const MOST_ENDING = 1024;
/** How often a Service is moved within a NodePool before it stays: a host that objects to all must not renumber the site for ever. */
const MOST_MOVES = 3;
/** The moves are forgotten when nothing was refused for so long. */
const FORGET_MS = 3_600_000;
/**
 * Announced for so long an address is in use. An objection within 7 s of the first announcement is a failed probe; that it
 * is announced, and that it no longer is, a node tells within half a minute each.
 */
const SETTLING_MS = 60_000;
/** Instead of a time: it was announced for that long, or may have been. */
const SERVED = Number.NEGATIVE_INFINITY;

/** How often a Service was exchanged an address in a NodePool. */
interface Moves {
  count: number;
  /** When that was last, or when what it has was last known to be refused too. */
  lastMs: number;
  /** What it had when it was last asked for. */
  refused?: SiteAddress;
}

/**
 * What follows from reports that a host of the site uses an address: whom it is exchanged for, and how long it is avoided.
 * The reports are the record. Only what they no longer say is memory, and may be lost with the process: then nothing that
 * was given before is exchanged. All times are this process's own: a node's clock may be years off, and a node may lie.
 */
export class Refusals {
  /** By NodePool: addresses that were reported and are no longer → when they may be given out again. */
  readonly #ending = new Map<string, Map<string, number>>();
  /** By UID of the Service that has it: `nodepool address` → since when it is seen to be announced, or {@link SERVED}. */
  readonly #used = new Map<string, Map<string, number>>();
  /** By UID of the Service, by NodePool. */
  readonly #moves = new Map<string, Map<string, Moves>>();

  /** @param nowMs monotonic */
  constructor(
    private readonly reports: SiteReports,
    private readonly book: AddressBook,
    private readonly nowMs: () => number,
  ) {}

  /** Something about the address was reported, or is no longer. @returns the Services that hold it */
  notice(at: SiteAddress): string[] {
    const address = parseIpAddress(at.address);
    const holders = this.book.holders(at.nodePool, address);
    for (const holder of holders) this.held(this.book.holder(holder)?.uid ?? '', at);
    if (this.reports.conflicts(at).length > 0) {
      this.#ending.get(at.nodePool)?.delete(at.address);
      this.book.avoid(at.nodePool, address);
    } else if (this.book.site(at.nodePool).avoid.has(address)) {
      this.#endLater(at);
    }
    return holders;
  }

  /** The Service has the address. Whoever looks at it says so: it may have been announced before, for another Service. */
  held(uid: string, at: SiteAddress): void {
    const key = keyOf(at);
    const used = this.#used.get(uid);
    const sinceMs = used?.get(key);
    if (sinceMs === SERVED) return;
    if (this.reports.isAnnounced(at)) {
      if (sinceMs === undefined) entryOf(this.#used, uid).set(key, this.nowMs());
    } else if (sinceMs !== undefined) {
      if (this.nowMs() - sinceMs >= SETTLING_MS) used?.set(key, SERVED);
      else used?.delete(key);
    }
  }

  /** The Service had it before this process could see for how long it was announced. */
  served(uid: string, at: SiteAddress): void {
    entryOf(this.#used, uid).set(keyOf(at), SERVED);
  }

  /** What is to become of an address that the Service has and was not given by name. */
  verdict({ uid }: Pick<LoadBalancerRequest, 'uid'>, at: SiteAddress): ConflictVerdict {
    if (this.#refused(uid, at) === undefined || this.reports.isAnnounced(at)) return 'stays';
    this.held(uid, at);
    if (this.#used.get(uid)?.get(keyOf(at)) === SERVED) return 'in-use';
    const moves = this.#moves.get(uid)?.get(at.nodePool);
    if (moves !== undefined) moves.refused = at;
    return (moves?.count ?? 0) < MOST_MOVES ? 'moves' : 'moved-enough';
  }

  /** The Service was given another address there. */
  moved(uid: string, from: SiteAddress): void {
    this.#used.get(uid)?.delete(keyOf(from));
    const count = (this.#moves.get(uid)?.get(from.nodePool)?.count ?? 0) + 1;
    entryOf(this.#moves, uid).set(from.nodePool, { count, lastMs: this.nowMs() });
  }

  /** It was moved there as often as it may be, as was written before this process began. */
  movedEnough(uid: string, nodePool: string): void {
    entryOf(this.#moves, uid).set(nodePool, { count: MOST_MOVES, lastMs: this.nowMs() });
  }

  /** The Service is gone. */
  forget(uid: string): void {
    this.#used.delete(uid);
    this.#moves.delete(uid);
  }

  /** Ends what has lasted long enough; the book then says what came free. To be called now and then. */
  sweep(): void {
    const nowMs = this.nowMs();
    for (const [nodePool, ending] of this.#ending) {
      for (const [address, untilMs] of ending) if (untilMs <= nowMs) this.#unavoid(ending, { nodePool, address });
      if (ending.size === 0) this.#ending.delete(nodePool);
    }
    for (const [uid, all] of this.#moves) {
      for (const [nodePool, moves] of all) {
        if (moves.refused !== undefined && this.#refused(uid, moves.refused) !== undefined) moves.lastMs = nowMs;
        if (nowMs - moves.lastMs >= FORGET_MS) all.delete(nodePool);
      }
      if (all.size === 0) this.#moves.delete(uid);
    }
  }

  #refused(uid: string, at: SiteAddress): SiteConflict | undefined {
    return this.reports.conflicts(at).find(({ kind, services }) => kind === 'refused' && services.includes(uid));
  }

  #endLater({ nodePool, address }: SiteAddress): void {
    const ending = entryOf(this.#ending, nodePool);
    if (ending.has(address)) return;
    ending.set(address, this.nowMs() + AVOID_MS);
    const [oldest] = ending.keys();
    if (ending.size > MOST_ENDING && oldest !== undefined) this.#unavoid(ending, { nodePool, address: oldest });
  }

  #unavoid(ending: Map<string, number>, { nodePool, address }: SiteAddress): void {
    ending.delete(address);
    this.book.unavoid(nodePool, parseIpAddress(address));
  }
}

function entryOf<T>(all: Map<string, Map<string, T>>, key: string): Map<string, T> {
  let found = all.get(key);
  if (found === undefined) {
    found = new Map();
    all.set(key, found);
  }
  return found;
}
