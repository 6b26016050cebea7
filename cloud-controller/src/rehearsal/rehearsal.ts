import { type KubeObject, silentLog } from '@openyurt/nodepool-types';
import type { ServicePlan } from '../plan/plan-service.ts';
import type { EventText } from '../ports/event-recorder.ts';
import { Core } from '../reconcile/core.ts';
import { enqueueOnChange } from '../reconcile/enqueue-on-change.ts';
import { SWEEP_KEY, serviceQueueKey } from '../reconcile/keys.ts';
import type { LoadBalancerSetMode } from '../reconcile/load-balancer-set.ts';
import { MemoryWorld } from './memory-world.ts';
import { PoolServiceMaker } from './pool-service-maker.ts';
import { keyOf } from './shelf.ts';
import { WorkList } from './work-list.ts';

export interface RehearsalOptions {
  readonly classless: boolean;
  readonly loadBalancerSet: LoadBalancerSetMode;
}

/** What an Event said last, of each reason. */
export type Said = ReadonlyMap<EventText['reason'], string>;

/**
 * The controller over a cluster in memory: its own parts in its own order, with a clock that runs only while there is
 * nothing else to do. Nothing leaves it.
 */
export class Rehearsal {
  readonly world = new MemoryWorld();
  readonly core: Core;
  /** Whether the API serves PoolServices; where there are any it does. */
  servesPoolServices = false;
  /** What was decided last about each Service of ours. */
  readonly plans = new Map<string, ServicePlan>();
  readonly #said = new Map<string, Map<EventText['reason'], string>>();
  readonly #queue = new WorkList();
  readonly #maker: PoolServiceMaker;
  #due: { readonly key: string; readonly atMs: number }[] = [];
  #nowMs = 0;

  constructor({ classless, loadBalancerSet }: RehearsalOptions) {
    const { world } = this;
    this.core = new Core({
      cache: world,
      writer: world,
      events: { record: (about, event) => this.#record(about, event) },
      meter: { allocated() {}, released() {}, moved() {} },
      queue: this.#queue,
      log: () => silentLog,
      classless,
      loadBalancerSet,
      releaseCooldownMs: 0,
      servesPoolServices: () => this.servesPoolServices || world.shelves.poolServices.size > 0,
      nowMs: () => this.#nowMs,
      later: (service, ms) => this.#later(serviceQueueKey(service), ms),
      sweepIn: (ms) => this.#later(SWEEP_KEY, ms),
      planned: ({ key }, plan) => void this.plans.set(key, plan),
    });
    this.#maker = new PoolServiceMaker(world, this.core.loadBalancerSet);
  }

  /** The controller starts, with what the world holds by now. Later changes are told to it. */
  async start(): Promise<void> {
    const keys = this.core.start();
    enqueueOnChange(this.world.shelves, this.#queue, (change) =>
      this.core.notice(change, () => this.#maker.everything()),
    );
    for (const key of keys) this.#queue.add(serviceQueueKey(key));
    this.#maker.everything();
    await this.settle();
  }

  /** Works until nothing is left to do, however long that would take. */
  async settle(): Promise<void> {
    const { signal } = new AbortController();
    for (;;) {
      const key = this.#queue.take() ?? this.#next();
      if (key === undefined) return;
      await this.core.work(key, signal);
    }
  }

  /** @param object of which Events were recorded */
  said(object: KubeObject): Said {
    return this.#said.get(idOf(object)) ?? new Map();
  }

  /** What comes of others' work, and of time. */
  #next(): string | undefined {
    this.#maker.work();
    const key = this.#queue.take();
    if (key !== undefined) return key;
    const [first] = this.#due.sort((a, b) => a.atMs - b.atMs).splice(0, 1);
    this.#nowMs = Math.max(this.#nowMs, first?.atMs ?? 0);
    return first?.key;
  }

  #later(key: string, ms: number): void {
    if (!this.#due.some((one) => one.key === key)) this.#due.push({ key, atMs: this.#nowMs + ms });
  }

  #record(about: KubeObject, { reason, note }: EventText): void {
    const id = idOf(about);
    this.#said.set(id, (this.#said.get(id) ?? new Map<EventText['reason'], string>()).set(reason, note));
  }
}

function idOf(object: KubeObject): string {
  return `${object.kind} ${keyOf(object)}`;
}
