import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiTarget, Road } from '../../../edge-speaker/src/kube/api-road.ts';
import { ApiServer, type ApiServerOptions } from '../../support/api-server/api-server.ts';
import { startYurtHub, type YurtHub } from '../../support/yurthub/yurthub.ts';
import { EdgeNode, type EdgeNodeOptions, NODE, nameAndAddress, POOL, SPEED } from './edge-node.ts';
import { OddServer } from './odd-server.ts';
import { RoughRoad } from './rough-road.ts';

export type Way = 'straight' | 'through a YurtHub';
const NODE_TOKEN = 'node';
const SPEAKER_TOKEN = 'speaker';

/** A cloud, a road to it that a test can spoil, and, if wanted, a YurtHub on the node's end of it. */
export class CloudSite {
  private readonly nodes: EdgeNode[] = [];

  private constructor(
    public api: ApiServer,
    readonly odd: OddServer,
    readonly road: RoughRoad,
    readonly hub: YurtHub | undefined,
    private readonly dir: string,
  ) {}

  static async start(way: Way = 'straight', options: ApiServerOptions = {}): Promise<CloudSite> {
    const api = await startApi(options);
    const odd = await OddServer.before(api.url);
    const road = await RoughRoad.to(odd.url);
    const dir = mkdtempSync(join(tmpdir(), 'yurtlb-link-'));
    const listen = { listen: '127.0.0.1:0', cacheDir: join(dir, 'hub') };
    const hub =
      way === 'straight'
        ? undefined
        : await startYurtHub({ ...listen, upstream: road.url, nodeToken: NODE_TOKEN, scale: 1 / SPEED });
    await hub?.ready();
    const site = new CloudSite(api, odd, road, hub, dir);
    site.give('web', '192.168.1.1');
    site.give('old', '192.168.1.2');
    site.give('moved', '192.168.1.3');
    return site;
  }

  /** What the speaker asks: the hub, or the far end of the road. */
  get target(): Road {
    const headers = { Authorization: `Bearer ${SPEAKER_TOKEN}` };
    const target: ApiTarget = {
      base: new URL(this.hub?.url ?? this.road.url),
      credentials: async () => ({ headers, tls: {} }),
      forget() {},
    };
    return async () => target;
  }

  /** A speaker that has learned all there is. */
  async node(options: Partial<EdgeNodeOptions> = {}): Promise<EdgeNode> {
    const node = this.begin(options);
    await node.comesTo('connected');
    await node.until('it offers all', () => node.offered.length === this.services.length);
    return node;
  }

  begin(options: Partial<EdgeNodeOptions> = {}): EdgeNode {
    const node = new EdgeNode({ road: this.target, ...options });
    this.nodes.push(node);
    return node;
  }

  /** A Service with this address in the NodePool, served on the node. */
  give(name: string, ip: string): void {
    this.api.create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: 'default' },
      spec: { type: 'LoadBalancer', loadBalancerClass: 'service.openyurt.io/vip', ports: [{ port: 80 }] },
      status: { loadBalancer: { ingress: [{ ip, hostname: POOL, ipMode: 'VIP' }] } },
    });
  }

  async take(name: string): Promise<void> {
    await this.ask('DELETE', `/api/v1/namespaces/default/services/${name}`);
  }

  async move(name: string, ip: string): Promise<void> {
    const status = { loadBalancer: { ingress: [{ ip, hostname: POOL, ipMode: 'VIP' }] } };
    await this.ask('PATCH', `/api/v1/namespaces/default/services/${name}/status`, { status });
  }

  /** What happens in the cloud while nobody looks: one Service goes, one moves, one comes with the first one's address. */
  async changeMeanwhile(): Promise<void> {
    await this.take('old');
    await this.move('moved', '192.168.1.4');
    this.give('new', '192.168.1.2');
  }

  /** As the cloud has them. */
  get services(): string[] {
    const all = this.api.objects('services').filter(({ metadata }) => metadata.name !== 'kubernetes');
    return all.map((object) => nameAndAddress(object)).sort();
  }

  /** The cloud is set back to an empty one, with resourceVersions that begin anew, on the same road. */
  async restore(): Promise<void> {
    await this.api.stop();
    this.api = await startApi({});
    this.odd.upstream = this.api.url;
    this.odd.turn(() => false);
  }

  async stop(): Promise<void> {
    for (const node of this.nodes) node.stop();
    await this.hub?.stop();
    await this.road.close();
    await this.odd.close();
    await this.api.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }

  private async ask(method: string, path: string, body?: object): Promise<void> {
    const headers = { Authorization: `Bearer ${SPEAKER_TOKEN}`, 'Content-Type': 'application/merge-patch+json' };
    const response = await fetch(`${this.api.url}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  }
}

async function startApi(options: ApiServerOptions): Promise<ApiServer> {
  const groups = ['system:authenticated'];
  const tokens = { [NODE_TOKEN]: { username: 'node', groups }, [SPEAKER_TOKEN]: { username: 'speaker', groups } };
  const api = await ApiServer.start({ tokens, bookmarkMs: 500, ...options });
  const labels = { 'apps.openyurt.io/nodepool': POOL };
  for (const name of [NODE, 'b']) api.create({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels } });
  return api;
}
