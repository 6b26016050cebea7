import { strict as assert } from 'node:assert';
import type { ServiceObject } from '@openyurt/nodepool-types';
import { poolCounts } from '../../../cloud-controller/src/ipam/pool-counts.ts';
import { poolQueueKey, serviceQueueKey } from '../../../cloud-controller/src/reconcile/keys.ts';
import { MemoryCluster } from '../../unit/controller/memory-cluster.ts';
import type { Step } from './commands.ts';
import type { Driver } from './driver.ts';
import type { Seen } from './facts.ts';
import type { Change } from './people.ts';

/** Ends a controller in the middle of its work. */
class Crash extends Error {
  constructor() {
    super('crashed');
  }
}

/** The controller's core over objects in memory: a step takes well under a millisecond. */
export class MemoryDriver implements Driver {
  readonly cluster: MemoryCluster;
  #made = 0;

  /** @param alter breaks something in a controller that has just begun */
  constructor(
    readonly restMs = 0,
    private readonly alter: (cluster: MemoryCluster, isBegun: boolean) => void = () => {},
  ) {
    this.cluster = new MemoryCluster();
    this.cluster.restMs = restMs;
    this.#restart();
  }

  get nowMs(): number {
    return this.cluster.nowMs;
  }

  async play(step: Step, changes: readonly Change[]): Promise<void> {
    const { cluster } = this;
    await this.#lookAgain(); // after the step before was judged, so that nothing was mended for it
    const { passMs, restart, trouble } = step;
    if (passMs) cluster.pass(passMs);
    for (const change of changes) this.#apply(change);
    if (restart?.kind === 'away') this.#restart();
    const fates = [...(trouble ?? [])];
    let left = restart?.kind === 'crash' ? restart.afterWrites : Number.POSITIVE_INFINITY;
    cluster.fate = () => {
      if (left-- <= 0) throw new Crash();
      return fates.shift() ?? 'ok';
    };
    await this.#settle();
    cluster.fate = () => 'ok';
    if (restart !== undefined && restart.kind !== 'away') this.#restart();
    await this.#settle();
  }

  async quiet(): Promise<Seen> {
    const { serviceMap, configMapMap, nodePoolMap, nodeMap } = this.cluster;
    const all = <T>(map: ReadonlyMap<string, T>) => [...map.values()];
    return {
      services: all(serviceMap),
      configMaps: all(configMapMap),
      nodePools: all(nodePoolMap),
      nodes: all(nodeMap),
    };
  }

  /** Nothing is left of what was: no holdings, nobody who waits, nothing that rests. */
  assertEmpty(): void {
    const { book, waiting, nowMs } = this.cluster;
    assert.deepEqual([...book.services], [], 'they hold addresses still');
    assert.equal(waiting.size, 0, 'somebody waits still');
    for (const { nodePool, pool, inUse } of poolCounts(book)) assert.equal(inUse, 0, `${nodePool} ${pool}`);
    this.cluster.pass(this.restMs);
    book.endRests();
    assert.equal(book.resting?.nextEndInMs(), undefined, `something rests at ${nowMs} for ever`);
  }

  /** Level-based: who is planned again stays as it is. What it is told may name others than when it was last looked at. */
  async #lookAgain(): Promise<void> {
    const { cluster } = this;
    const keys = [...cluster.serviceMap.keys()];
    const said = keys.map((key) => [cluster.ingress(key), cluster.condition(key)?.status]);
    for (const key of keys) cluster.add(serviceQueueKey(key));
    await this.#settle();
    const now = keys.map((key) => [cluster.ingress(key), cluster.condition(key)?.status]);
    assert.deepEqual(now, said); // a second look found something to do
  }

  async #settle(): Promise<void> {
    await this.cluster.settle().catch((error: Error) => {
      if (!(error instanceof Crash)) throw error;
    });
  }

  #restart(): void {
    this.alter(this.cluster, false);
    this.cluster.restart();
    this.alter(this.cluster, true);
  }

  #apply({ kind, before, after, ...more }: Change): void {
    const { cluster } = this;
    const name = (after ?? before)?.metadata.name ?? '';
    if (kind === 'Service') {
      const { namespace } = (after ?? before)?.metadata ?? {};
      if (after === undefined) cluster.deleteService(`${namespace}/${name}`);
      else this.#putService(`${namespace}/${name}`, after, more.status);
    } else if (kind === 'ConfigMap') {
      const created = { uid: `cm-${name}`, creationTimestamp: '2026-01-01T00:00:00Z' };
      if (after === undefined) cluster.configMapMap.delete(name);
      else cluster.configMapMap.set(name, { ...after, metadata: { ...after.metadata, ...created } });
      cluster.add(poolQueueKey(name));
    } else if (kind === 'NodePool') {
      if (after === undefined) cluster.deleteNodePool(name);
      else cluster.putNodePool(name, after.metadata.labels);
    } else if (after === undefined) cluster.deleteNode(name);
    else cluster.putNode(name, after.status?.addresses?.[0]?.address ?? '');
  }

  #putService(key: string, after: ServiceObject, status: ServiceObject['status']): void {
    const { cluster } = this;
    const was = cluster.serviceMap.get(key);
    this.#made++;
    const time = new Date(1_700_000_000_000 + this.#made * 1000).toISOString();
    const { uid = `uid-${key}-${this.#made}`, creationTimestamp = time } = was?.metadata ?? {};
    // as the API server does where a Service is a LoadBalancer no more
    const isEmptied = was?.spec?.type === 'LoadBalancer' && after.spec?.type !== 'LoadBalancer';
    const given = status ?? (isEmptied ? {} : was?.status);
    if (was !== undefined) cluster.serviceMap.set(key, { ...was, status: given ?? {} });
    const isSame = JSON.stringify(was?.spec) === JSON.stringify(after.spec);
    const generation = (was?.metadata.generation ?? 0) + (isSame ? 0 : 1);
    const metadata = { ...after.metadata, uid, creationTimestamp, generation };
    cluster.putService({ ...after, metadata, ...(given === undefined ? {} : { status: given }) });
  }
}
