import { readFileSync } from 'node:fs';
import { type KubeObject, NODE_POOL_SELECTOR_ANNOTATION } from '@openyurt/nodepool-types';
import { type Stage, serviceWithEndpoints } from '../../support/stage.ts';
import { type Allocator, withoutNodePorts } from './allocator.ts';
import { sum } from './prometheus.ts';

export const OURS = 'yurtlb';
/** On the NodePools that every Service has an address in. */
export const EVERYWHERE = { group: 'everywhere' } as const;

/** Our controller under the arguments and the ServiceAccount of its manifests. */
export class OurAllocator implements Allocator {
  readonly name = OURS;
  readonly metrics = 'http://127.0.0.1:10374/metrics';
  readonly eventSource = 'service.openyurt.io/yurtlb-controller';
  readonly service: KubeObject;

  constructor(
    private readonly stage: Stage,
    readonly entries: number,
  ) {
    this.service = this.serviceIn(`group=${EVERYWHERE.group}`);
  }

  /** @param selector of NodePools, by their labels */
  serviceIn(selector: string): KubeObject {
    const annotations = { [NODE_POOL_SELECTOR_ANNOTATION]: selector };
    const [service] = serviceWithEndpoints(this.stage.site, { name: 'any', port: 80, nodes: [], annotations });
    if (service === undefined) throw new Error('a Service was expected');
    return withoutNodePorts(service);
  }

  get pid(): number {
    const { pid } = this.stage.controller ?? {};
    if (pid === undefined) throw new Error('no controller runs');
    return pid;
  }

  isUp(metrics: string): boolean {
    return sum(metrics, 'yurtlb_controller_leader') === 1;
  }

  async start(): Promise<void> {
    await this.stage.startController();
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.stage.controller?.stop(signal);
  }

  leadsSinceMs(): number | undefined {
    const { logFile } = this.stage.controller?.spec ?? {};
    const log = logFile === undefined ? '' : readFileSync(logFile, 'utf8');
    const line = log.split('\n').find((one) => one.includes('"msg":"lease acquired"'));
    return line === undefined ? undefined : Date.parse((JSON.parse(line) as { ts: string }).ts);
  }

  get problem(): string | undefined {
    return this.stage.controller?.problem;
  }
}
