import type { Condition } from '@openyurt/nodepool-types';
import { type Cluster, ingressOf, NAMESPACE } from '../controller/cluster.ts';
import { type RunningController, runController } from '../controller/run.ts';
import { waitUntil } from '../kube/wait-until.ts';
import { History } from './history.ts';
import { YurtManager } from './load-balancer-set.ts';
import { SELECTOR } from './names.ts';
import { PoolServices } from './pool-services.ts';
import { appears, sweep } from './scene-objects.ts';

const PATIENCE = { deadlineMs: 40_000, everyMs: 10 };

export interface StageRow {
  readonly name: string;
  readonly run: (stage: Stage) => Promise<void>;
}

/** NodePools `east` and `west` with addresses, the controller and yurt-manager as a test wants them, and who saw what. */
export class Stage {
  readonly poolServices: PoolServices;
  readonly history: History;
  manager: YurtManager | undefined;
  #controller: RunningController | undefined;
  #markers = 0;

  constructor(readonly cluster: Cluster) {
    this.poolServices = new PoolServices(cluster.api);
    this.history = new History(cluster.api);
  }

  async open(): Promise<void> {
    for (const name of ['east', 'west']) await this.cluster.nodePool(name, { site: name, tier: 'shop' });
    await this.cluster.range('east', '10.0.0.9-10.0.0.20');
    await this.cluster.range('west', '10.0.1.10-10.0.1.20');
    await this.history.start();
  }

  /** Everybody is gone, and all that they made. */
  async close(): Promise<void> {
    await this.stopController();
    await this.stopManager();
    await this.history.stop();
    await sweep(this.cluster);
    const path = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
    const { items } = await this.cluster.api.request<{ items: { metadata: { name: string } }[] }>({
      method: 'GET',
      path,
    });
    for (const { metadata } of items) {
      if (metadata.name !== 'kube-root-ca.crt') {
        await this.cluster.api.request({ method: 'DELETE', path: `${path}/${metadata.name}` });
      }
    }
  }

  async startManager(): Promise<void> {
    this.manager = new YurtManager(this.cluster.api);
    await this.manager.start();
  }

  async stopManager(): Promise<void> {
    await this.manager?.stop();
    this.manager = undefined;
  }

  /** As an operator restarts it with other flags. */
  async startController(...args: string[]): Promise<void> {
    await this.stopController();
    this.#controller = runController(this.cluster.kubeconfig, ...args);
  }

  async stopController(): Promise<void> {
    await this.#controller?.stop();
    this.#controller = undefined;
  }

  /** @param selector undefined: none */
  async service(name: string, selector: string | undefined, port = 80): Promise<void> {
    const annotations: Record<string, string> = selector === undefined ? {} : { [SELECTOR]: selector };
    await this.cluster.service(name, { annotations, ports: [port] });
  }

  async select(name: string, selector: string | null): Promise<void> {
    await this.cluster.patchService(name, { metadata: { annotations: { [SELECTOR]: selector } } });
  }

  /** Waits until the Service's status reads so, `<nodepool>=<ip>`. */
  async shows(name: string, ...want: string[]): Promise<void> {
    let seen = '';
    const reads = async () => {
      seen = ingressOf(await this.cluster.readService(name)).join(' ');
      return seen === want.join(' ');
    };
    await waitUntil(`${name} with ${want.join(' ') || 'no address'}`, reads, PATIENCE).catch((error: Error) => {
      throw new Error(`${error.message}; it has ${seen || 'none'}`);
    });
  }

  async appears(poolService: string): Promise<void> {
    await appears(this.poolServices, poolService);
  }

  /** Waits until the PoolService's status reads so; an empty text: no address. */
  async holds(poolService: string, want: string): Promise<void> {
    const reads = async () => (await this.poolServices.ingress(poolService)) === want;
    await this.becomes(`PoolService ${poolService} with ${want || 'no address'}`, reads);
  }

  async becomes(what: string, holds: () => Promise<boolean>): Promise<void> {
    await waitUntil(what, holds, PATIENCE);
  }

  async isGone(service: string): Promise<void> {
    const gone = async () => (await this.cluster.services()).every(({ metadata }) => metadata.name !== service);
    await this.becomes(`end of Service ${service}`, gone);
  }

  async conditionOf(poolService: string): Promise<Condition | undefined> {
    const { status } = (await this.poolServices.read(poolService)) ?? {};
    return status?.conditions?.find(({ type }) => type === 'service.openyurt.io/AddressesAllocated');
  }

  /** Returns when both have caught up: a Service created now is served, and what came before it is settled. */
  async settle(selector = 'site=west'): Promise<void> {
    const name = `marker-${++this.#markers}`;
    await this.service(name, selector, 9000 + this.#markers);
    const served = async () => ingressOf(await this.cluster.readService(name)).length > 0;
    await this.becomes(`service of ${name}`, served);
    await this.cluster.deleteService(name);
    await this.isGone(name);
  }
}
