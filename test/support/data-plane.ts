import { type KubeProxy, startKubeProxy } from './kube/kube-proxy.ts';
import { Pods } from './netns/pods.ts';
import type { Stage } from './stage.ts';

/** What carries HTTP from a LAN's client through an announced address: a Pod behind each node and a kube-proxy on it. */
export class DataPlane {
  private constructor(
    readonly pods: Pods,
    private readonly proxies: readonly KubeProxy[],
  ) {}

  static async start(stage: Stage): Promise<DataPlane> {
    const pods = await Pods.start(stage.site);
    const kubeconfig = await stage.cloud.kubeconfigFor('kube-proxy');
    const nodes = stage.site.pools.flatMap((pool) => pool.nodes);
    const start = nodes.map(({ ns, name }) => startKubeProxy({ netns: ns, nodeName: name, kubeconfig }));
    return new DataPlane(pods, await Promise.all(start));
  }

  async close(): Promise<void> {
    await Promise.all(this.proxies.map((proxy) => proxy.stop()));
    this.pods.close();
  }
}
