import type { KubeObject } from '@openyurt/nodepool-types';
import type { KubeCloud } from '../../support/cloud/kube-cloud.ts';
import { METALLB_VERSION, metalLbFiles } from '../../support/peers/metallb/binary.ts';
import { MetalLb } from '../../support/peers/metallb/metallb.ts';
import { metalLbService } from '../../support/peers/metallb/objects.ts';
import type { Stage } from '../../support/stage.ts';
import { progress } from '../failover/progress.ts';
import { type Allocator, withoutNodePorts } from './allocator.ts';

/** MetalLB's controller, with one address pool: it knows no NodePools, a Service gets one address. */
export class MetalLbAllocator implements Allocator {
  readonly name = `MetalLB ${METALLB_VERSION}`;
  readonly entries = 1;
  readonly eventSource = 'metallb-controller';
  readonly metrics = 'http://127.0.0.1:7472/metrics';

  private constructor(
    private readonly metalLb: MetalLb,
    private readonly cloud: KubeCloud,
    readonly service: KubeObject,
  ) {}

  /** @param range as `10.0.0.0/16` */
  static async install(stage: Stage, range: string): Promise<MetalLbAllocator> {
    const files = await metalLbFiles(progress);
    progress('installing MetalLB');
    const cloud = stage.cloud as KubeCloud;
    const nodes = stage.site.pools.flatMap((pool) => pool.nodes);
    const [service] = metalLbService('any', '', nodes);
    if (service === undefined) throw new Error('a Service was expected');
    const { status: _, ...created } = service as KubeObject & { status?: unknown };
    const wanted = { addresses: [], spare: [range], nodes };
    return new MetalLbAllocator(
      await MetalLb.install(cloud, stage.site, files, stage.dir, wanted),
      cloud,
      withoutNodePorts(created),
    );
  }

  get pid(): number {
    return this.metalLb.controllerPid;
  }

  isUp(metrics: string): boolean {
    return metrics !== '';
  }

  start(): Promise<void> {
    return this.metalLb.startController(this.cloud);
  }

  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    return this.metalLb.stopController(signal);
  }

  /** It has no Lease: one replica, and it works from its start. */
  leadsSinceMs(): undefined {
    return undefined;
  }

  get problem(): string | undefined {
    return this.metalLb.problem;
  }
}
