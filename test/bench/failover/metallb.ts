import type { KubeCloud } from '../../support/cloud/kube-cloud.ts';
import { METALLB_VERSION, metalLbFiles } from '../../support/peers/metallb/binary.ts';
import { MetalLb } from '../../support/peers/metallb/metallb.ts';
import type { Stage } from '../../support/stage.ts';
import type { Contestant } from './contestant.ts';

/** MetalLB's speakers in the same site; they say nothing of each other, so the wire alone tells. */
export class MetalLbContestant implements Contestant {
  readonly name = `MetalLB ${METALLB_VERSION}`;

  private constructor(
    private readonly metalLb: MetalLb,
    readonly addresses: readonly string[],
  ) {}

  /** @param pool the one NodePool whose nodes it runs on; default: all */
  static async begin(
    stage: Stage,
    addresses: readonly string[],
    progress: (text: string) => void,
    pool?: string,
  ): Promise<MetalLbContestant> {
    const files = await metalLbFiles(progress);
    progress('installing MetalLB');
    if (stage.cloud.kind !== 'kube') throw new Error('MetalLB needs the real control plane');
    const pools = stage.site.pools.filter(({ name }) => pool === undefined || name === pool);
    const nodes = pools.flatMap((each) => each.nodes);
    const metalLb = await MetalLb.install(stage.cloud as KubeCloud, stage.site, files, stage.dir, { addresses, nodes });
    for (const { name } of nodes) metalLb.start(name);
    return new MetalLbContestant(metalLb, addresses);
  }

  async start(node: string): Promise<void> {
    this.metalLb.start(node);
  }

  end(node: string, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    return this.metalLb.end(node, signal);
  }

  pidOf(node: string): number {
    return this.metalLb.pidOf(node);
  }

  async agreed(): Promise<boolean> {
    return true;
  }

  close(): Promise<void> {
    return this.metalLb.close();
  }
}
