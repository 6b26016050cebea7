import type { IpFamily } from '@openyurt/nodepool-types';
import { VERSION } from '@openyurt/nodepool-types';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** One address pool of one NodePool, in one family. */
export interface PoolCount {
  readonly nodePool: string;
  readonly pool: string;
  readonly family: IpFamily;
  readonly total: bigint;
  readonly inUse: number;
  readonly avoided: number;
}

/** What is read at the moment somebody asks, so that it is never stale and costs nothing in between. */
export interface MetricSources {
  pools(): Iterable<PoolCount>;
  /** Outcome of each Service of ours. */
  outcomes(): Iterable<string>;
  queueDepth(): number;
  leads(): boolean;
  waiting(): number;
  configs(): Iterable<{ readonly nodePool: string; readonly loaded: boolean; readonly stale: boolean }>;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Everything the controller counts; docs/reference/metrics-controller.md lists the same. */
export class Metrics {
  readonly registry = new Registry();
  readonly #sources: { current: MetricSources | undefined } = { current: undefined };

  readonly reconcile = this.#histogram(
    'reconcile_seconds',
    'Time to bring one Service or NodePool in line, writes included.',
  );
  readonly reconcileErrors = this.#counter('reconcile_errors_total', 'Runs that failed and will be repeated.');
  readonly queueAdds = this.#counter('queue_adds_total', 'Keys added to the work queue.');
  readonly queueRetries = this.#counter('queue_retries_total', 'Keys put back after a failure.');
  readonly allocated = this.#counter('addresses_allocated_total', 'Addresses written into a status.');
  readonly released = this.#counter('addresses_released_total', 'Addresses taken out of a status.');
  readonly moved = this.#counter('addresses_moved_total', 'Addresses exchanged because their site refused them.');
  readonly requests = this.#counter('api_requests_total', 'Requests to the API server; code 0: no answer.', [
    'method',
    'code',
  ]);
  readonly events = this.#counter('events_total', 'Events recorded.', ['type', 'reason']);

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    this.#gauge('build_info', 'The version that runs; always 1.', ['version'], (set) => set({ version: VERSION }, 1));
    this.#gauge(
      'addresses',
      'Addresses an address pool may hand out.',
      ['nodepool', 'pool', 'family'],
      (set, sources) => {
        for (const { nodePool, pool, family, total } of sources.pools()) {
          set({ nodepool: nodePool, pool, family }, Number(total));
        }
      },
    );
    this.#gauge('addresses_in_use', 'Addresses that Services hold.', ['nodepool', 'pool', 'family'], (set, sources) => {
      for (const { nodePool, pool, family, inUse } of sources.pools()) set({ nodepool: nodePool, pool, family }, inUse);
    });
    this.#gauge(
      'addresses_avoided',
      'Free addresses that hosts of the site use.',
      ['nodepool', 'pool', 'family'],
      (set, sources) => {
        for (const { nodePool, pool, family, avoided } of sources.pools()) {
          set({ nodepool: nodePool, pool, family }, avoided);
        }
      },
    );
    this.#gauge('services', 'Services of our class by outcome: Allocated, or why not.', ['reason'], (set, sources) => {
      const counts = new Map<string, number>();
      for (const reason of sources.outcomes()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
      for (const [reason, count] of counts) set({ reason }, count);
    });
    this.#gauge('services_waiting', 'Services that miss an address somewhere.', [], (set, s) => set({}, s.waiting()));
    this.#gauge('queue_depth', 'Keys waiting or being worked on.', [], (set, s) => set({}, s.queueDepth()));
    this.#gauge('leader', '1 on the replica that writes.', [], (set, s) => set({}, s.leads() ? 1 : 0));
    this.#gauge('config_loaded', '1 where a configuration is in force.', ['nodepool'], (set, sources) => {
      for (const { nodePool, loaded } of sources.configs()) set({ nodepool: nodePool }, loaded ? 1 : 0);
    });
    this.#gauge('config_stale', '1 where the newest configuration was refused.', ['nodepool'], (set, sources) => {
      for (const { nodePool, stale } of sources.configs()) set({ nodepool: nodePool }, stale ? 1 : 0);
    });
  }

  observe(sources: MetricSources): void {
    this.#sources.current = sources;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }

  #counter<L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    return new Counter({
      name: `yurtlb_controller_${name}`,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
    });
  }

  #histogram(name: string, help: string): Histogram {
    return new Histogram({ name: `yurtlb_controller_${name}`, help, buckets: SECONDS, registers: [this.registry] });
  }

  #gauge(
    name: string,
    help: string,
    labelNames: readonly string[],
    fill: (set: (labels: Record<string, string>, value: number) => void, sources: MetricSources) => void,
  ): void {
    const sources = this.#sources;
    new Gauge({
      name: `yurtlb_controller_${name}`,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
      collect() {
        this.reset();
        if (sources.current !== undefined) fill((labels, value) => this.set(labels, value), sources.current);
      },
    });
  }
}
