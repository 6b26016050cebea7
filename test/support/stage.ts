import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type IpFamily,
  type KubeObject,
  LOAD_BALANCER_CLASS,
  NODE_POOL_LABEL,
  REPORTS_NAMESPACE,
  SYSTEM_NAMESPACE,
} from '@openyurt/nodepool-types';
import { atExit } from './at-exit.ts';
import type { Cloud } from './cloud/cloud.ts';
import { startKubeCloud } from './cloud/kube-cloud.ts';
import { startSandboxCloud } from './cloud/sandbox-cloud.ts';
import { Child } from './kube/child.ts';
import { Site } from './netns/site.ts';
import { type Command, cacheDirOf, type Programs, plainPrograms, podPrograms } from './programs.ts';

const ZONE_LABEL = 'topology.kubernetes.io/zone';

export interface StageSpec {
  readonly pools: readonly {
    readonly name: string;
    readonly nodes: readonly string[];
    readonly labels?: Record<string, string>;
    /** As in a site's plan. */
    readonly lan6?: string;
    /** As in `PoolSpec`. */
    readonly lan?: string;
  }[];
  /** `config` of every NodePool's ConfigMap; NodePools are separate LANs and may have the same. */
  readonly addresses: string;
  /** `site` of every NodePool's ConfigMap. */
  readonly site?: string;
  /** true: the real control plane; false: our API server. */
  readonly kube: boolean;
  readonly prefix?: string;
}

/**
 * A cloud and its sites with both programs as real processes: what the demo, the end-to-end suites and the benchmarks play on.
 * Everything it started is gone after `close()`, or when this process ends.
 */
export class Stage {
  readonly speakers = new Map<string, Child>();
  controller: Child | undefined;
  private runs = 0;

  private constructor(
    private readonly spec: StageSpec,
    readonly site: Site,
    readonly cloud: Cloud,
    private readonly programs: Programs,
    readonly dir: string,
    private readonly forgetDir: () => void,
  ) {}

  static async create(spec: StageSpec): Promise<Stage> {
    const dir = mkdtempSync(join(tmpdir(), 'yurtlb-stage-'));
    const forgetDir = atExit(() => rmSync(dir, { recursive: true, force: true }));
    const site = await Site.create({
      pools: spec.pools,
      ...(spec.prefix === undefined ? {} : { prefix: spec.prefix }),
    });
    try {
      const [cloud, programs] = spec.kube ? await kubeParts(site, dir) : await sandboxParts(site, dir);
      const stage = new Stage(spec, site, cloud, programs, dir, forgetDir);
      await cloud.apply(...stage.objects());
      return stage;
    } catch (error) {
      site.close();
      throw error;
    }
  }

  /** NodePools, Nodes and address ConfigMaps, as an operator would have them. */
  objects(): KubeObject[] {
    const { pools, addresses, site } = this.spec;
    const namespaces = [SYSTEM_NAMESPACE, REPORTS_NAMESPACE].map(
      (name): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }),
    );
    return [
      ...(this.spec.kube ? [] : namespaces), // the manifests brought them
      ...pools.flatMap((pool) => [
        {
          apiVersion: 'apps.openyurt.io/v1beta2',
          kind: 'NodePool',
          metadata: { name: pool.name, labels: { site: pool.name, ...pool.labels } },
          spec: { type: 'Edge' },
        },
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: pool.name, namespace: SYSTEM_NAMESPACE, labels: { [NODE_POOL_LABEL]: pool.name } },
          data: { config: addresses, ...(site === undefined ? {} : { site }) },
        },
        ...this.site.pool(pool.name).nodes.map((node) => ({
          apiVersion: 'v1',
          kind: 'Node',
          metadata: {
            name: node.name,
            labels: {
              [NODE_POOL_LABEL]: pool.name,
              'openyurt.io/is-edge-worker': 'true',
              'kubernetes.io/hostname': node.name,
              [ZONE_LABEL]: pool.name,
            },
          },
          status: { addresses: [{ type: 'InternalIP', address: node.lanIp }] },
        })),
      ]),
    ];
  }

  async startController(args: readonly string[] = []): Promise<Child> {
    this.controller = this.start('controller', this.site.plan.cloudNs, await this.programs.controller(args));
    return this.controller;
  }

  /** Starts the node's speaker, also again: its cache stays. */
  async startSpeaker(node: string, args: readonly string[] = []): Promise<Child> {
    const child = this.start(`speaker-${node}`, this.site.node(node).ns, await this.programs.speaker(node, args));
    this.speakers.set(node, child);
    return child;
  }

  /** Ends the node's speaker; SIGKILL as a crash would, SIGTERM as a rolling update does. */
  async stopSpeaker(node: string, signal: NodeJS.Signals): Promise<void> {
    const child = this.speakers.get(node);
    this.speakers.delete(node);
    await child?.stop(signal);
  }

  cacheDir(node: string): string {
    return cacheDirOf(this.dir, node);
  }

  /** Which node has this MAC on its LAN. */
  nodeOfMac(pool: string, mac: string): string | undefined {
    return this.site.pool(pool).nodes.find(({ name }) => this.macOf(name) === mac)?.name;
  }

  macOf(node: string): string {
    const known = this.macs.get(node);
    if (known !== undefined) return known;
    const shown = this.site.exec(this.site.node(node).ns, 'ip', ['-j', 'link', 'show', 'eth0']).stdout;
    const [{ address: mac } = { address: '' }] = JSON.parse(shown) as { address: string }[];
    this.macs.set(node, mac);
    return mac;
  }

  private readonly macs = new Map<string, string>();

  /** @param keepLogs leaves `dir` in place, for somebody who wants to know why */
  async close({ keepLogs = false } = {}): Promise<void> {
    await Promise.all([...this.speakers.values(), this.controller].map((child) => child?.stop('SIGKILL')));
    await this.cloud.stop();
    this.site.close();
    if (!keepLogs) rmSync(this.dir, { recursive: true, force: true });
    this.forgetDir();
  }

  /**
   * Lines of the speakers' logs that say that one of them was not heard, or has found itself asleep: where nobody was
   * killed, the machine was too busy to run it, and its addresses were rightly taken.
   */
  stalls(sinceMs: number): string[] {
    return this.linesSince(sinceMs).filter((line) =>
      /"member is gone"|"reason":"paused"|"this process had stopped/.test(line),
    );
  }

  /** What the speakers logged, each line after the name of its log: for the message of an assertion. */
  logSince(sinceMs: number): string {
    return this.linesSince(sinceMs).join('\n');
  }

  private linesSince(sinceMs: number): string[] {
    const isLate = (line: string) => Date.parse(/"ts":"([^"]*)"/.exec(line)?.[1] ?? '') >= sinceMs;
    return [...this.speakers.values()].flatMap(({ spec: { name, logFile } }) => {
      const lines = existsSync(logFile) ? readFileSync(logFile, 'utf8').split('\n') : [];
      return lines.filter(isLate).map((line) => `${name}: ${line}`);
    });
  }

  /** Why a program that should run does not, with the end of its log. */
  problems(): string[] {
    return [this.controller, ...this.speakers.values()].flatMap((child) => child?.problem ?? []);
  }

  private start(name: string, netns: string, { command, args }: Command): Child {
    return Child.start({ name, netns, command, args, logFile: join(this.dir, `${name}-${++this.runs}.log`) });
  }
}

async function kubeParts(site: Site, dir: string): Promise<[Cloud, Programs]> {
  const cloud = await startKubeCloud(site);
  return [cloud, await podPrograms(cloud, site, dir)];
}

async function sandboxParts(site: Site, dir: string): Promise<[Cloud, Programs]> {
  const cloud = await startSandboxCloud(site, dir);
  return [cloud, plainPrograms(cloud, dir)];
}

/** A Service of our class, with an EndpointSlice that names Pods on `nodes`. */
export function serviceWithEndpoints(
  site: Site,
  {
    name,
    port,
    nodes,
    annotations = {},
    podIp,
    families = ['IPv4'],
  }: {
    name: string;
    port: number;
    nodes: readonly string[];
    annotations?: Record<string, string>;
    /** Address of the Pod on a node; default: one nobody listens at. */
    podIp?: (node: string) => string;
    /** Both: dual stack where the NodePool has both; its Pods' IPv6 addresses are nobody's. */
    families?: readonly IpFamily[];
  },
): KubeObject[] {
  const namespace = 'default';
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, annotations },
    spec: {
      type: 'LoadBalancer',
      loadBalancerClass: LOAD_BALANCER_CLASS,
      ...(families.length > 1 ? { ipFamilyPolicy: 'PreferDualStack', ipFamilies: families } : {}),
      trafficDistribution: 'PreferClose',
      ports: [{ name: 'main', port, targetPort: 8080, protocol: 'TCP' }],
    },
  };
  const addressOf = (family: IpFamily, node: string, i: number) =>
    family === 'IPv6' ? `fd00:244:${i + 1}::2` : (podIp?.(node) ?? `10.244.${i + 1}.2`);
  const slices = families.map((family, of) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-${of + 1}`, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: family,
    endpoints: nodes.map((node, i) => ({
      addresses: [addressOf(family, node, i)],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: node,
      zone: site.node(node).pool,
      hints: { forZones: [{ name: site.node(node).pool }] },
    })),
    ports: [{ name: 'main', port: 8080, protocol: 'TCP' }],
  }));
  return [service, ...slices];
}
