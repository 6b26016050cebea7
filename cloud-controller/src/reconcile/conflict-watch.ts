import {
  ADDRESS_CONFLICT_CONDITION,
  type Condition,
  type KubeObject,
  type LoadBalancerRequest,
  type Log,
} from '@openyurt/nodepool-types';
import type { Holding } from '../ipam/address-book.ts';
import {
  type AddressConflict,
  listedConflicts,
  readMovedEnough,
  sayConflict,
  sayMove,
} from '../plan/conflict-condition.ts';
import type { Move } from '../plan/plan-site.ts';
import type { EventRecorder } from '../ports/event-recorder.ts';
import type { ReportReconciler } from './report-reconciler.ts';

export interface ConflictDeps {
  readonly reports: ReportReconciler;
  readonly events: EventRecorder;
  readonly log: Log;
}

/** An exchange that is booked and of which nobody was told yet. */
interface Untold {
  readonly nodePool: string;
  readonly note: string;
}

/** What is to be said of hosts that use a Service's addresses: the condition, and Events. */
export class ConflictWatch {
  readonly #untold = new Map<string, readonly Untold[]>();

  constructor(private readonly deps: ConflictDeps) {}

  /** Takes over what was written before this process looked at the Service: how often it was moved is in no report. */
  recall({ uid }: LoadBalancerRequest, conditions: readonly Condition[]): void {
    for (const { type, message } of conditions) {
      if (type !== ADDRESS_CONFLICT_CONDITION) continue;
      for (const nodePool of readMovedEnough(message)) this.deps.reports.refusals.movedEnough(uid, nodePool);
    }
  }

  /** Notes what a plan exchanged. It is told once the status says so too. */
  moved(request: LoadBalancerRequest, moves: readonly Move[]): void {
    if (moves.length === 0) return;
    const { reports } = this.deps;
    const untold = moves.map((move): Untold => {
      const { nodePool, from } = move;
      reports.refusals.moved(request.uid, nodePool);
      const [by] = reports.conflicts(request, { nodePool, address: from });
      return { nodePool, note: sayMove(move, by) };
    });
    this.#untold.set(request.key, [...(this.#untold.get(request.key) ?? []), ...untold]);
  }

  /** Those of addresses that the Service has. */
  conflicts(request: LoadBalancerRequest, holdings: readonly Holding[]): AddressConflict[] {
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
    for (const conflict of listedConflicts(conflicts)) {
      const note = sayConflict(conflict);
      if (!conflict.isRefused || old.includes(note)) continue;
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
  }
}
