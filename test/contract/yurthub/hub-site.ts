import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiServer } from '../../support/api-server/api-server.ts';
import { openDefinition } from '../../support/api-server/custom-resources.ts';
import { kubeconfigText } from '../../support/api-server/kubeconfig.ts';
import { UpstreamLink } from '../../support/yurthub/link.ts';
import { startYurtHub, type YurtHub, type YurtHubOptions } from '../../support/yurthub/yurthub.ts';
import { type Answer, type Ask, Client } from '../api-server/client.ts';
import { Watcher } from '../api-server/watcher.ts';

/** Twenty times faster than observed. */
export const SCALE = 1 / 20;
/** Observed seconds in this suite's milliseconds. */
export const scaled = (observedS: number): number => observedS * 1000 * SCALE;

export const CACHED = 'yurtlb-speaker/0.1';
export const STRANGER = 'stranger/0.1';
const USER = { username: 'system:serviceaccount:yurtlb-system:yurtlb-speaker', groups: ['system:authenticated'] };
const POOLS = { group: 'apps.openyurt.io', plural: 'nodepools', kind: 'NodePool' };

/** An API server, a wire that can be cut, a hub, and clients of the hub. */
export class HubSite {
  private readonly clients = new Map<string, Client>();

  private constructor(
    readonly api: ApiServer,
    readonly link: UpstreamLink,
    readonly hub: YurtHub,
    readonly dir: string,
    private readonly bornMs: number,
  ) {}

  /** @param shared another site's API server, instead of one of its own */
  static async start(options: Partial<YurtHubOptions> = {}, shared?: ApiServer): Promise<HubSite> {
    const dir = mkdtempSync(join(tmpdir(), 'yurtlb-hub-'));
    const crds = [openDefinition(POOLS, 'Cluster', ['v1beta1', 'v1beta2'])];
    const api = shared ?? (await ApiServer.start({ tokens: { good: USER, node: USER }, crds }));
    const link = await UpstreamLink.start(api.url, SCALE);
    const bornMs = performance.now();
    const hub = await startYurtHub({
      listen: '127.0.0.1:0',
      adminListen: '127.0.0.1:0',
      upstream: link.url,
      nodeToken: 'node',
      cacheDir: join(dir, 'cache'),
      scale: SCALE,
      cacheAgents: ['yurtlb-speaker', 'Mixed-Case', 'second'],
      ...options,
    });
    const site = new HubSite(api, link, hub, dir, bornMs);
    await hub.ready();
    return site;
  }

  async stop(): Promise<void> {
    for (const client of this.clients.values()) client.close();
    await this.hub.stop();
    await this.link.stop();
    await this.api.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Cuts the wire without a word and waits until the hub has noticed. */
  async goOffline(): Promise<void> {
    this.link.cut();
    await this.hub.until('offline');
  }

  /** Of a hub with `probePhaseS: 0`: the next probe is nearly 10 s away. */
  async justAfterProbe(): Promise<void> {
    const sinceMs = () => (performance.now() - this.bornMs) % scaled(10);
    while (sinceMs() < scaled(0.4) || sinceMs() > scaled(1.5)) await new Promise((resolve) => setTimeout(resolve, 2));
  }

  client(token = 'good', url = this.hub.url): Client {
    const key = `${token} ${url}`;
    const known = this.clients.get(key);
    if (known !== undefined) return known;
    const file = join(this.dir, `kubeconfig-${this.clients.size}`);
    writeFileSync(file, kubeconfigText(url, token === '' ? undefined : token));
    const client = Client.fromKubeconfig(file);
    this.clients.set(key, client);
    return client;
  }

  /** Through the hub. */
  ask(method: string, path: string, { agent = CACHED, token = 'good', ...ask }: HubAsk = {}): Promise<Answer> {
    return this.client(token).ask(method, path, {
      ...ask,
      // no connection is kept: after a restart of the hub it would be a dead one
      headers: { 'User-Agent': agent, Connection: 'close', ...ask.headers },
    });
  }

  /** Asks for as long as the machine is too slow for the hub's patience, or the multiplexer fills. */
  async getUntilThere(path: string, ask: HubAsk = {}): Promise<Answer> {
    const deadlineMs = performance.now() + 20_000;
    for (;;) {
      const answer = await this.get(path, ask).catch(() => undefined);
      if (answer?.code === 200) return answer;
      if (performance.now() > deadlineMs) throw new Error(`${path}: ${answer?.code} ${answer?.text}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  get(path: string, ask: HubAsk = {}): Promise<Answer> {
    return this.ask('GET', path, ask);
  }

  watch(path: string, query: Record<string, string> = {}, agent = CACHED): Promise<Watcher> {
    return Watcher.open(this.client(), path, query, { 'User-Agent': agent });
  }

  /** Straight to the API server, past the hub and the wire. */
  cloud(): Client {
    return this.client('good', this.api.url);
  }
}

export interface HubAsk extends Ask {
  agent?: string;
  token?: string;
}

/** Names of a list's items, in its order. */
export function namesOf({ body }: Answer): string[] {
  return ((body.items ?? []) as { metadata: { name: string } }[]).map((o) => o.metadata.name);
}
