import {
  decodeNodeReport,
  formatIpAddress,
  type LoadBalancerRequest,
  type Log,
  NODE_POOL_LABEL,
  type NodeReport,
} from '@openyurt/nodepool-types';
import type { AddressBook, Holding } from '../ipam/address-book.ts';
import type { AddressConflict } from '../plan/conflict-condition.ts';
import type { WorldCache } from '../ports/world-cache.ts';
import { Refusals } from './refusals.ts';
import { ReportPace } from './report-pace.ts';
import { concerns, SiteReports } from './site-reports.ts';

export interface ReportDeps {
  readonly cache: WorldCache;
  readonly book: AddressBook;
  readonly log: Log;
  /** Monotonic. */
  readonly nowMs: () => number;
}

/** What the speakers of the sites say of addresses, from the ConfigMaps that they write. */
export class ReportReconciler {
  readonly #reports = new SiteReports();
  readonly refusals: Refusals;
  readonly #pace: ReportPace;
  /** What was last said about a node's report that can't be read. */
  readonly #said = new Map<string, string>();

  constructor(private readonly deps: ReportDeps) {
    this.refusals = new Refusals(this.#reports, deps.book, deps.nowMs);
    this.#pace = new ReportPace(deps.nowMs);
  }

  /** Takes in what one node reports. @returns the Services with an address that a host uses, or used, and of which it says something new */
  reconcile(node: string): string[] {
    if (this.deps.cache.report(node) !== undefined && !this.#pace.mayBeHeard(node)) return [];
    const services = new Set<string>();
    for (const at of this.#reports.set(node, this.#read(node))) {
      const holders = this.refusals.notice(at);
      if (at.disputed) for (const service of holders) services.add(service);
    }
    return [...services];
  }

  /** What has its time, every half a minute. @returns Services as {@link reconcile} does */
  sweep(): string[] {
    this.refusals.sweep();
    return [...new Set(this.#pace.due().flatMap((node) => this.reconcile(node)))];
  }

  /** Who uses an address of the Service besides it, each MAC once. */
  conflicts(
    request: LoadBalancerRequest,
    { nodePool, address }: Pick<Holding, 'nodePool' | 'address'>,
  ): Omit<AddressConflict, 'requested'>[] {
    const at = { nodePool, address: formatIpAddress(address) };
    const all = this.#reports.conflicts(at).filter((conflict) => concerns(conflict, request.uid));
    this.refusals.held(request.uid, at);
    const isRefused = !this.#reports.isAnnounced(at) && all.some(({ kind }) => kind === 'refused');
    const verdict = isRefused ? this.refusals.verdict(request, at) : 'stays';
    const once = all.filter(({ byMac }, i) => all.findIndex((other) => other.byMac === byMac) === i);
    return once.map(({ byMac, node, link }) => ({ nodePool, address, isRefused, byMac, node, link, verdict }));
  }

  /** A report counts while its Node is there and in the NodePool of which it speaks. */
  #read(name: string): NodeReport | undefined {
    const { cache, log } = this.deps;
    const configMap = cache.report(name);
    if (configMap === undefined) {
      this.#said.delete(name);
      return undefined;
    }
    const decoded = decodeNodeReport(configMap);
    if (!decoded.ok) {
      if (this.#said.get(name) !== decoded.problem)
        log.warn('report is not read', { node: name, why: decoded.problem });
      this.#said.set(name, decoded.problem);
      return undefined;
    }
    this.#said.delete(name);
    const { report } = decoded;
    return cache.node(name)?.metadata.labels?.[NODE_POOL_LABEL] === report.nodePool ? report : undefined;
  }
}
