import {
  type LoadBalancerRequest,
  type Log,
  type PoolServiceObject,
  type ServiceObject,
  selectorMatches,
} from '@openyurt/nodepool-types';
import { nameContest } from '../plan/name-contest.ts';
import type { SiteProblem } from '../plan/problem-text.ts';
import type { EventRecorder } from '../ports/event-recorder.ts';
import type { NameContests } from './name-contests.ts';
import type { Sites } from './sites.ts';

/**
 * How long a Service waits for its first PoolService before that is said; it comes some 18 ms after it. Of many at once
 * the last gets it after minutes, so the wait begins anew as long as others get theirs.
 */
export const OVERDUE_MS = 10_000;

export interface PoolServiceWatchDeps {
  readonly sites: Sites;
  readonly contests: NameContests;
  readonly events: EventRecorder;
  readonly log: Log;
  /** Monotonic. */
  readonly nowMs: () => number;
  /** Has the Service looked at again after so many milliseconds. */
  readonly later: (service: string, ms: number) => void;
}

/** What is to be said of PoolServices that LoadBalancerSet does not make, or makes for two Services at once. */
export class PoolServiceWatch {
  /** Services without any, and since when. */
  readonly #lacking = new Map<string, { readonly sinceMs: number; told: boolean }>();
  /** When a Service last got what it had lacked. */
  #cameMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly deps: PoolServiceWatchDeps) {}

  /** Two Services come to one PoolService: it gets no address, and each of them hears of it once. */
  contestOf(poolService: PoolServiceObject, service: ServiceObject): SiteProblem | undefined {
    const { contests, events, log } = this.deps;
    const claims = contests.claims(poolService);
    if (claims === undefined) return undefined;
    const problem = nameContest(poolService.metadata.name ?? '', claims);
    const key = `${service.metadata.namespace}/${service.metadata.name}`;
    if (contests.tells(poolService, key)) {
      log.warn('PoolService contested', { service: key, message: problem.message });
      events.record(service, { type: 'Warning', reason: problem.reason, note: problem.message });
    }
    return problem;
  }

  /**
   * Where no PoolService comes LoadBalancerSet is not running, and that is said once. A selector that matches nothing it
   * tells itself.
   *
   * @param poolServices undefined: the Service is not its business
   * @returns whether the Service lacks what it should have
   */
  lacks(
    service: ServiceObject,
    { key, nodePoolSelector }: LoadBalancerRequest,
    poolServices: readonly PoolServiceObject[] | undefined,
  ): boolean {
    const { sites, events, log, later, nowMs } = this.deps;
    const wanted =
      nodePoolSelector !== undefined &&
      poolServices?.length === 0 &&
      [...sites.all.values()].some(({ labels }) => selectorMatches(nodePoolSelector, labels));
    if (!wanted) {
      if (this.#lacking.delete(key) && poolServices !== undefined && poolServices.length > 0) this.#cameMs = nowMs();
      return false;
    }
    const lacking = this.#lacking.get(key) ?? { sinceMs: nowMs(), told: false };
    this.#lacking.set(key, lacking);
    if (lacking.told) return true;
    const leftMs = Math.max(lacking.sinceMs, this.#cameMs) + OVERDUE_MS - nowMs();
    if (leftMs > 0) {
      later(key, leftMs);
      return true;
    }
    lacking.told = true;
    const note =
      'LoadBalancerSet has made no PoolService for this Service. See that yurt-manager runs; where it is not to run, set --loadbalancerset=off.';
    log.warn('no PoolService', { service: key });
    events.record(service, { type: 'Warning', reason: 'NoPoolService', note });
    return true;
  }

  forget(service: string): void {
    this.#lacking.delete(service);
  }
}
