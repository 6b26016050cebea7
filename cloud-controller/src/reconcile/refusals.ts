import { type LoadBalancerRequest, parseIpAddress } from '@openyurt/nodepool-types';
import type { AddressBook } from '../ipam/address-book.ts';
import type { ConflictVerdict } from '../plan/conflict-condition.ts';
import { keyOf, type SiteAddress, type SiteConflict, type SiteReports } from './site-reports.ts';

/** How long an address is not given out after the last report that a host uses it. */
const AVOID_MS = 3_600_000;
/** How often a Service is moved within a NodePool before it stays: a host that objects to all must not renumber the site for ever. */
const MOST_MOVES = 3;
/** The moves are forgotten when nothing was refused for so long. */
const FORGET_MS = 3_600_000;
/** An objection this soon after the first announcement is a failed probe, and the report of it takes its time. */
const SETTLING_MS = 10_000;
/** Entries of each kind that are remembered; the oldest make room. */
const MOST_KEPT = 4096;

/** How often a Service was exchanged an address in a NodePool. */
interface Moves {
  readonly uid: string;
  readonly count: number;
  /** When that was last, or when what it has was last known to be refused too. */
  lastMs: number;
  /** What it had when it was last asked for. */
  refused?: SiteAddress;
}

/**
 * What follows from reports that a host of the site uses an address: whom it is exchanged for, and how long it is avoided.
 * The reports are the record. Only what they no longer say is memory, and may be lost with the process.
 */
export class Refusals {
  /** Addresses that were reported and are no longer → when they may be given out again. */
  readonly #ending = new Map<string, { at: SiteAddress; untilMs: number }>();
  /** `nodepool address` → since when it was announced, by UID of the Services that had it then. */
  readonly #used = new Map<string, Map<string, number>>();
  /** `uid nodepool` → the moves of that Service there. */
  readonly #moves = new Map<string, Moves>();

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
    this.#noteUse(at, holders);
    const key = keyOf(at);
    if (this.reports.conflicts(at).length > 0) {
      this.#ending.delete(key);
      this.book.avoid(at.nodePool, address);
    } else if (this.book.site(at.nodePool).avoid.has(address) && !this.#ending.has(key)) {
      remember(this.#ending, key, { at, untilMs: this.nowMs() + AVOID_MS }, ({ at: old }) => this.#unavoid(old));
    }
    return holders;
  }

  /** What is to become of an address that the Service has and was not given by name. */
  verdict({ uid }: Pick<LoadBalancerRequest, 'uid'>, at: SiteAddress): ConflictVerdict {
    const refused = this.#refused(uid, at);
    if (refused === undefined || this.reports.announcedSinceMs(at) !== undefined) return 'stays';
    const usedMs = this.#used.get(keyOf(at))?.get(uid);
    if (usedMs !== undefined && Date.parse(refused.since) - usedMs > SETTLING_MS) return 'in-use';
    const moves = this.#moves.get(`${uid} ${at.nodePool}`);
    if (moves !== undefined) moves.refused = at;
    return (moves?.count ?? 0) < MOST_MOVES ? 'moves' : 'moved-enough';
  }

  /** The Service was given another address there. */
  moved(uid: string, nodePool: string): void {
    const key = `${uid} ${nodePool}`;
    const count = (this.#moves.get(key)?.count ?? 0) + 1;
    remember(this.#moves, key, { uid, count, lastMs: this.nowMs() });
  }

  /** It was moved there as often as it may be, as was written before this process began. */
  movedEnough(uid: string, nodePool: string): void {
    remember(this.#moves, `${uid} ${nodePool}`, { uid, count: MOST_MOVES, lastMs: this.nowMs() });
  }

  /** Ends what has lasted long enough; the book then says what came free. To be called now and then. */
  sweep(): void {
    const nowMs = this.nowMs();
    for (const [key, { at, untilMs }] of this.#ending) {
      if (untilMs > nowMs) continue;
      this.#ending.delete(key);
      this.#unavoid(at);
    }
    for (const [key, moves] of this.#moves) {
      if (moves.refused !== undefined && this.#refused(moves.uid, moves.refused) !== undefined) moves.lastMs = nowMs;
      if (nowMs - moves.lastMs >= FORGET_MS) this.#moves.delete(key);
    }
  }

  #refused(uid: string, at: SiteAddress): SiteConflict | undefined {
    return this.reports.conflicts(at).find(({ kind, services }) => kind === 'refused' && services.includes(uid));
  }

  #unavoid({ nodePool, address }: SiteAddress): void {
    this.book.unavoid(nodePool, parseIpAddress(address));
  }

  #noteUse(at: SiteAddress, holders: readonly string[]): void {
    const before = this.#used.get(keyOf(at));
    const sinceMs = this.reports.announcedSinceMs(at);
    const uids = new Map<string, number>();
    for (const holder of holders) {
      const uid = this.book.holder(holder)?.uid ?? '';
      const firstMs = Math.min(sinceMs ?? Number.POSITIVE_INFINITY, before?.get(uid) ?? Number.POSITIVE_INFINITY);
      if (firstMs < Number.POSITIVE_INFINITY) uids.set(uid, firstMs);
    }
    if (uids.size === 0) this.#used.delete(keyOf(at));
    else this.#used.set(keyOf(at), uids);
  }
}

function remember<T>(map: Map<string, T>, key: string, value: T, dropped: (value: T) => void = () => {}): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= MOST_KEPT) return;
  const [oldest] = map;
  if (oldest === undefined) return;
  map.delete(oldest[0]);
  dropped(oldest[1]);
}
