import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ENDPOINT_PROBE_ANNOTATION, type KubeObject } from '@openyurt/nodepool-types';
import { waitUntil } from '../support/kube/wait-until.ts';
import { Pods } from '../support/netns/pods.ts';
import { Stage, serviceWithEndpoints } from '../support/stage.ts';
import { HubProcess } from '../support/yurthub/hub-process.ts';
import { whenRight } from './lookout.ts';
import { loopbackPage } from './loopback-page.ts';
import type { State } from './speaker-words.ts';

const POOL = 'hangzhou';
const HUB = '127.0.0.1:10261';
const HEALTH = 'http://127.0.0.1:10372';
const ADDRESSES = `address-pools:
- name: default
  protocol: layer2
  addresses: [192.168.10.240-192.168.10.250]
`;
/** The hub's seconds, ten times faster: it notices a silent cut after 1.6 to 2.5 s. */
const SCALE = 1 / 10;
const PATIENCE = { deadlineMs: 30_000, everyMs: 200 };

export interface HubSiteSpec {
  readonly nodes: readonly string[];
  readonly prefix: string;
}

/** An events.k8s.io/v1 Event, as far as a speaker writes it. */
export interface SpeakerEvent {
  readonly reason: string;
  readonly note: string;
  readonly eventTime: string;
  readonly series?: { readonly count: number; readonly lastObservedTime: string };
  readonly regarding: { readonly kind: string; readonly name: string };
  readonly reportingController: string;
  readonly reportingInstance: string;
}

/** A NodePool whose nodes have what an OpenYurt node has: a YurtHub of their own, a speaker behind it, and a Pod. */
export class HubSite {
  private readonly hubs = new Map<string, HubProcess>();
  private readonly macs = new Map<string, string>();
  /** Node → address of its Pod now. */
  private readonly podIps = new Map<string, string>();
  private readonly services = new Map<string, { port: number; annotations: Record<string, string> }>();
  private starts = 0;

  private constructor(
    private readonly spec: HubSiteSpec,
    readonly stage: Stage,
    private readonly pods: Pods,
  ) {
    for (const node of spec.nodes) {
      this.macs.set(node, stage.macOf(node));
      this.podIps.set(node, pods.addressOf(node));
    }
  }

  static async create(spec: HubSiteSpec): Promise<HubSite> {
    const stage = await Stage.create({
      pools: [{ name: POOL, nodes: spec.nodes }],
      addresses: ADDRESSES,
      site: 'minReadySeconds: 0', // who comes back has its addresses again at once
      kube: false,
      prefix: spec.prefix,
    });
    try {
      return new HubSite(spec, stage, await Pods.start(stage.site));
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  get clientNs(): string {
    return this.stage.site.pool(POOL).clientNs;
  }

  macOf(node: string): string {
    return this.macs.get(node) ?? '';
  }

  /** The controller, then on each node the hub and the speaker. */
  async start(): Promise<void> {
    await this.stage.startController();
    await Promise.all(this.spec.nodes.map((node) => this.startHub(node)));
    await Promise.all([...this.hubs.values()].map((hub) => hub.ready()));
    for (const node of this.spec.nodes) await this.startSpeaker(node);
  }

  async startSpeaker(node: string): Promise<void> {
    await this.stage.startSpeaker(node, [`--server=http://${HUB}`, '--log-level=debug']);
  }

  /** A Service with one Pod on each node. `probed`: the speakers may find out that its endpoints are dead. */
  async addService(name: string, { port = 80, probed = false } = {}): Promise<void> {
    this.services.set(name, { port, annotations: probed ? {} : { [ENDPOINT_PROBE_ANNOTATION]: 'off' } });
    await this.stage.cloud.apply(...this.objects(name));
  }

  /** The cloud hears where the Pods are now, as kubelets tell it once they reach it again. */
  async tellEndpoints(): Promise<void> {
    for (const name of this.services.keys()) {
      const slices = this.objects(name).filter(({ kind }) => kind === 'EndpointSlice');
      await this.stage.cloud.apply(...slices);
    }
  }

  async removeService(name: string): Promise<void> {
    this.services.delete(name);
    await this.stage.cloud.delete(`/api/v1/namespaces/default/services/${name}`);
    await this.stage.cloud.delete(`/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/${name}-1`);
  }

  /** The Events in the cloud about the site's Services and Nodes. */
  async events(): Promise<SpeakerEvent[]> {
    const path = '/apis/events.k8s.io/v1/namespaces/default/events';
    const { items } = await this.stage.cloud.get<{ items: SpeakerEvent[] }>(path);
    return items.filter(({ reportingController }) => reportingController === 'service.openyurt.io/yurtlb-speaker');
  }

  cutCloud(): void {
    for (const node of this.spec.nodes) this.stage.site.cutCloud(node, { how: 'blackhole' });
  }

  restoreCloud(): void {
    for (const node of this.spec.nodes) this.stage.site.restoreCloud(node);
  }

  async hubsOnline(): Promise<void> {
    await Promise.all([...this.hubs.values()].map((hub) => hub.until('online')));
  }

  /** The node goes dark with all that runs on it. */
  async powerOff(node: string): Promise<void> {
    await this.stage.site.powerOff(node);
    await this.stage.stopSpeaker(node, 'SIGKILL'); // it is not in the site's list of processes
    await this.hubs.get(node)?.kill();
    this.hubs.delete(node);
  }

  /** The node starts while the cloud is away: its disk is what it was, its Pod has another address. */
  async powerOn(node: string, { wipeHub }: { wipeHub: boolean }): Promise<void> {
    const { site } = this.stage;
    await site.powerOn(node, { mac: this.macOf(node) });
    site.cutCloud(node, { how: 'blackhole' });
    this.podIps.set(node, await this.pods.restart(node));
    if (wipeHub) rmSync(this.hubCache(node), { recursive: true, force: true });
    await this.startHub(node);
    await this.startSpeaker(node);
  }

  async state(node: string): Promise<State | undefined> {
    const { site } = this.stage;
    const page = loopbackPage(site, site.node(node).ns, `${HEALTH}/state`);
    return page === undefined ? undefined : (JSON.parse(page) as State);
  }

  /** As {@link whenRight}, on this node. */
  async whenRight(node: string, addresses: readonly string[], gone: string): Promise<number> {
    const { site } = this.stage;
    return whenRight(site, site.node(node).ns, { page: `${HEALTH}/state`, addresses, gone });
  }

  async until(what: string, node: string, holds: (state: State) => boolean): Promise<void> {
    const look = async () => {
      const state = await this.state(node);
      return state !== undefined && holds(state);
    };
    await waitUntil(what, look, PATIENCE);
  }

  /** The end of each speaker's log, for a test that failed. */
  async words(nodes: readonly string[]): Promise<string> {
    const logs = nodes.map((node) => {
      const file = this.stage.speakers.get(node)?.spec.logFile ?? '';
      const text = existsSync(file) ? readFileSync(file, 'utf8').trimEnd() : '(no log)';
      return `--- ${node}\n${text.split('\n').slice(-25).join('\n')}`;
    });
    return logs.join('\n');
  }

  async close(): Promise<void> {
    await Promise.all([...this.hubs.values()].map((hub) => hub.kill()));
    this.pods.close();
    await this.stage.close();
  }

  private objects(name: string): KubeObject[] {
    const podIp = (node: string) => this.podIps.get(node) ?? '';
    const { port = 80, annotations = {} } = this.services.get(name) ?? {};
    return serviceWithEndpoints(this.stage.site, { name, port, annotations, nodes: this.spec.nodes, podIp });
  }

  private async startHub(node: string): Promise<void> {
    const { site } = this.stage;
    const { ns } = site.node(node);
    const hub = await HubProcess.start((command, args, options) => site.spawn(ns, command, args, options), {
      listen: HUB,
      upstream: this.stage.cloud.server,
      nodeName: node,
      cacheDir: this.hubCache(node),
      scale: SCALE,
      seed: ++this.starts,
    });
    this.hubs.set(node, hub);
  }

  private hubCache(node: string): string {
    return join(this.stage.dir, 'hub', node);
  }
}
