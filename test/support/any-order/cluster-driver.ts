import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { type KubeObject, SYSTEM_NAMESPACE } from '@openyurt/nodepool-types';
import { isStatus } from '../../../cloud-controller/src/kube/api-error.ts';
import type { ApiRequest } from '../../../cloud-controller/src/kube/client.ts';
import { atExit } from '../at-exit.ts';
import type { Cluster } from '../controller/cluster.ts';
import { ControllerProcess } from '../controller/run.ts';
import { freePorts } from '../kube/free-ports.ts';
import { waitUntil } from '../kube/wait-until.ts';
import type { Step } from './commands.ts';
import type { Driver } from './driver.ts';
import type { Seen } from './facts.ts';
import { marked, marker, type Put, unmarked } from './marker.ts';
import { mergePatch } from './merge-patch.ts';
import type { Change } from './people.ts';

const PATIENCE = { deadlineMs: 30_000, everyMs: 5 };
/** How long what is wrong may be only not yet quiet. */
const QUIET_MS = 10_000;
/** About what a write takes: a controller that dies after so many dies that much later. */
const WRITE_MS = 3;

const PATHS = {
  ConfigMap: `/api/v1/namespaces/${SYSTEM_NAMESPACE}/configmaps`,
  NodePool: '/apis/apps.openyurt.io/v1beta2/nodepools',
  Node: '/api/v1/nodes',
} as const;

/** A controller as a process of its own, over a real API server. */
export class ClusterDriver implements Driver {
  readonly restMs = 0;
  readonly nowMs = 0;
  #controller: ControllerProcess | undefined;
  readonly #begun = new Set<ControllerProcess>();
  #port = 0;
  #identities = 0;
  #round = 0;

  constructor(private readonly cluster: Cluster) {}

  async prepare(): Promise<void> {
    const shop = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
    await this.cluster.create('/api/v1/namespaces', shop);
    atExit(() => {
      for (const { child } of this.#begun) child.kill('SIGKILL');
    });
    await this.#start('first');
    await this.#mark();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#begun].map((controller) => controller.end('SIGKILL')));
  }

  async play({ restart }: Step, changes: readonly Change[]): Promise<void> {
    if (restart?.kind === 'away') await this.#controller?.end('SIGTERM');
    for (const change of changes) await this.#apply(change);
    switch (restart?.kind) {
      case 'away':
        return this.#start('first');
      case 'stop':
        await this.#controller?.end('SIGTERM');
        return this.#start('first');
      case 'crash':
        await pause(restart.afterWrites * WRITE_MS);
        await this.#controller?.end('SIGKILL');
        return this.#start('first');
      case 'handover': {
        const former = this.#controller;
        await this.#start(`other-${++this.#identities}`);
        await former?.end('SIGTERM');
      }
    }
  }

  async quiet(isRight: (seen: Seen) => boolean): Promise<Seen> {
    // Before the markers: they must not have anybody looked at who should have been without them.
    const early = await this.#settled(isRight, QUIET_MS);
    if (!isRight(early)) return early;
    await this.#mark();
    return this.#settled(isRight, QUIET_MS);
  }

  async #settled(isRight: (seen: Seen) => boolean, forMs: number): Promise<Seen> {
    const endMs = performance.now() + forMs;
    for (;;) {
      const seen = unmarked(await this.#read());
      if (isRight(seen) || performance.now() > endMs) return seen;
      await pause(PATIENCE.everyMs);
    }
  }

  /** Until the controller has seen and done all that was asked for before. */
  async #mark(): Promise<void> {
    const { puts, wants } = marker(++this.#round);
    await Promise.all(puts.map((put) => this.#put(put)));
    const isMarked = async () => marked(await this.#read()).includes(wants);
    await waitUntil(`the controller did not see round ${this.#round}: ${this.#controller?.stderr}`, isMarked, PATIENCE);
    await waitUntil('the controller is still at work', async () => (await this.#depth()) === 0, PATIENCE);
  }

  async #depth(): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.#port}/metrics`)).text();
    return Number(/^yurtlb_controller_queue_depth (\d+)$/m.exec(text)?.[1] ?? Number.NaN);
  }

  /** @param identity a process that takes up that of one that is gone goes on at once */
  async #start(identity: string): Promise<void> {
    const [port = 0] = await freePorts(1, '127.0.0.1');
    const args = [`--health-address=127.0.0.1:${port}`, `--lease-identity=${identity}`, '--loadbalancerset=off'];
    const controller = new ControllerProcess(this.cluster.kubeconfig, ...args, '--log-level=info');
    this.#begun.add(controller);
    const { child } = controller;
    const ended = once(child, 'exit').then(() => {
      this.#begun.delete(controller);
      if (this.#controller !== controller) throw new Error(`the controller ended: ${controller.stderr}`);
    });
    if (child.stderr === null) throw new Error('the controller was started without a pipe');
    await Promise.race([once(createInterface({ input: child.stderr }), 'line'), ended]); // it serves its metrics then
    this.#controller = controller;
    this.#port = port;
  }

  async #apply({ kind, before, after, ...more }: Change): Promise<void> {
    const object = after ?? before;
    const path = kind === 'Service' ? `/api/v1/namespaces/${object?.metadata.namespace}/services` : PATHS[kind];
    const name = object?.metadata.name ?? '';
    if (after === undefined) return void (await this.#request('DELETE', `${path}/${name}`));
    const { status, ...rest } = { status: more.status, ...after };
    if (before === undefined) await this.#request('POST', path, rest);
    else await this.#request('PATCH', `${path}/${name}`, mergePatch({ ...before, status: 0 }, { ...rest, status: 0 }));
    if (status !== undefined) await this.#request('PATCH', `${path}/${name}/status`, { status });
  }

  async #put({ path, name, object, status }: Put): Promise<void> {
    if (this.#round === 1) {
      await this.cluster.create(path, object);
    } else await this.#request('PATCH', `${path}/${name}`, object);
    if (status !== undefined) await this.#request('PATCH', `${path}/${name}/status`, { status });
  }

  async #request<T>(method: ApiRequest['method'], path: string, body?: object): Promise<T> {
    return this.cluster.api
      .request<T>({ method, path, ...(body === undefined ? {} : { body }) })
      .catch((error: Error) => {
        if (method === 'DELETE' && isStatus(error, 404)) return undefined as T;
        throw new Error(`${method} ${path} ${JSON.stringify(body)}: ${error.message}`);
      });
  }

  async #read(): Promise<Seen> {
    const list = async <T extends KubeObject>(path: string) => (await this.#request<{ items: T[] }>('GET', path)).items;
    const [services, configMaps, nodePools, nodes] = await Promise.all([
      list<Seen['services'][number]>('/api/v1/services'),
      list<Seen['configMaps'][number]>(PATHS.ConfigMap),
      list<Seen['nodePools'][number]>(PATHS.NodePool),
      list<Seen['nodes'][number]>(PATHS.Node),
    ]);
    const mine = ({ metadata }: KubeObject) => metadata.name !== 'kubernetes' && metadata.name !== 'kube-root-ca.crt';
    return { services: services.filter(mine), configMaps: configMaps.filter(mine), nodePools, nodes };
  }
}
