import {
  ADDRESS_CONFLICT_CONDITION,
  type Condition,
  canonicalIp,
  formatIpAddress,
  type KubeObject,
  type LoadBalancerRequest,
  type Log,
} from '@openyurt/nodepool-types';
import type { Holding } from '../ipam/address-book.ts';
import {
  type AddressConflict,
  listedConflicts,
  readNotServed,
  sayConflict,
  sayMove,
} from '../plan/conflict-condition.ts';
import type { Move } from '../plan/plan-site.ts';
import type { EventRecorder } from '../ports/event-recorder.ts';
import type { Meter } from '../ports/meter.ts';
import type { ReportReconciler } from './report-reconciler.ts';
import { keyOf } from './site-reports.ts';
import type { Sites } from './sites.ts';

export interface ConflictDeps {
  readonly reports: ReportReconciler;
  readonly events: EventRecorder;
  readonly meter: Meter;
  readonly log: Log;
  readonly sites: Pick<Sites, 'isNodePool'>;
  /** Monotonic. */
  readonly nowMs: () => number;
}

/** Of one address of a Service an Event tells no more often: who uses it, by whose word, may change all the time. */
const TOLD_MS = 600_000;

/** An exchange that is booked and of which nobody was told yet. */
interface Untold {
  readonly nodePool: string;
  readonly note: string;
}

/** What is to be said of hosts that use a Service's addresses: the condition, and Events. */
export class ConflictWatch {
  readonly #untold = new Map<string, readonly Untold[]>();
  readonly #uids = new Map<string, string>();
  /** By Service: address in a NodePool → when an Event told of it last. */
  readonly #toldMs = new Map<string, Map<string, number>>();

  constructor(private readonly deps: ConflictDeps) {}

  /**
   * Takes over what was written before this process looked at the Service. How often it was moved is in no report, nor is
   * for how long its addresses were announced: those are not exchanged, but for the ones that are said not to have been.
   */
  recall({ key, uid, ingress }: LoadBalancerRequest, conditions: readonly Condition[]): void {
    this.#uids.set(key, uid);
    const { refusals } = this.deps.reports;
    const notServed = conditions
      .filter(({ type }) => type === ADDRESS_CONFLICT_CONDITION)
      .flatMap(({ message }) => readNotServed(message));
    for (const { nodePool, verdict } of notServed) {
      if (verdict === 'moved-enough') refusals.movedEnough(uid, nodePool);
    }
    const fresh = new Set(notServed.map(keyOf));
    for (const { hostname: nodePool = '', ip = '' } of ingress) {
      const address = canonicalIp(ip);
      if (address === undefined || fresh.has(keyOf({ nodePool, address }))) continue;
      refusals.served(uid, { nodePool, address });
    }
  }

  /** Notes what a plan exchanged. It is told once the status says so too. */
  moved(request: LoadBalancerRequest, moves: readonly Move[]): void {
    if (moves.length === 0) return;
    const { reports, meter } = this.deps;
    meter.moved(moves.length);
    const untold = moves.map((move): Untold => {
      const { nodePool, from } = move;
      const [by] = reports.conflicts(request, { nodePool, address: from });
      reports.refusals.moved(request.uid, { nodePool, address: formatIpAddress(from) });
      return { nodePool, note: sayMove(move, by) };
    });
    this.#untold.set(request.key, [...(this.#untold.get(request.key) ?? []), ...untold]);
  }

  /** Those of addresses that the Service has. */
  conflicts(request: LoadBalancerRequest, holdings: readonly Holding[]): AddressConflict[] {
    this.#see(request, holdings);
    return holdings.flatMap((held) =>
      this.deps.reports.conflicts(request, held).map((one) => ({ ...one, requested: held.requested })),
    );
  }

  /**
   * Events on what is new. That an address which is announced is contested too the speakers say themselves.
   *
   * @param before the conditions that were written last
   */
  say(about: KubeObject, key: string, conflicts: readonly AddressConflict[], before: readonly Condition[]): void {
    const { events, log } = this.deps;
    const old = before.find(({ type }) => type === ADDRESS_CONFLICT_CONDITION)?.message ?? '';
    const told = this.#toldMs.get(key) ?? new Map<string, number>();
    const nowMs = this.deps.nowMs();
    for (const conflict of listedConflicts(conflicts)) {
      const note = sayConflict(conflict);
      const at = keyOf({ nodePool: conflict.nodePool, address: formatIpAddress(conflict.address) });
      const isTold = nowMs - (told.get(at) ?? Number.NEGATIVE_INFINITY) < TOLD_MS;
      if (!conflict.isRefused || isTold || old.includes(note)) continue;
      this.#toldMs.set(key, told.set(at, nowMs));
      log.warn('address refused by its site', { service: key, note });
      events.record(about, { type: 'Warning', reason: 'AddressRefused', note });
    }
  }

  /**
   * Events on exchanges that the status says by now.
   *
   * @param nodePool undefined: of all of them
   */
  tellMoves(about: KubeObject, key: string, nodePool?: string): void {
    const { events, log } = this.deps;
    const untold = this.#untold.get(key) ?? [];
    const left = untold.filter((one) => nodePool !== undefined && one.nodePool !== nodePool);
    for (const one of untold) {
      if (left.includes(one)) continue;
      log.warn('address exchanged, its site refused it', { service: key, note: one.note });
      events.record(about, { type: 'Warning', reason: 'AddressMoved', note: one.note });
    }
    if (left.length === 0) this.#untold.delete(key);
    else this.#untold.set(key, left);
  }

  forget(key: string): void {
    this.#untold.delete(key);
    this.#toldMs.delete(key);
    this.deps.reports.refusals.forget(this.#uids.get(key) ?? '');
    this.#uids.delete(key);
  }

  /** What others gave the Service, and was handed over with `service.openyurt.io/adopt`, was in use as well. */
  #see({ key, uid, ingress }: LoadBalancerRequest, holdings: readonly Holding[]): void {
    const { reports, sites } = this.deps;
    const before = this.#uids.get(key);
    if (before !== undefined && before !== uid) this.forget(key); // made anew under the same name
    this.#uids.set(key, uid);
    const others = ingress.flatMap(({ ip = '', hostname = '' }) => (sites.isNodePool(hostname) ? [] : canonicalIp(ip)));
    if (others.every((ip) => ip === undefined)) return;
    for (const { nodePool, address } of holdings) {
      const at = { nodePool, address: formatIpAddress(address) };
      if (others.includes(at.address)) reports.refusals.served(uid, at);
    }
  }
}
