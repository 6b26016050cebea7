import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { childProgram } from '../support/child-program.ts';
import { ArpClient } from '../support/netns/arp-client.ts';
import { Site } from '../support/netns/site.ts';
import { askDoor, type Json } from './door.ts';
import { loopbackPage } from './loopback-page.ts';
import type { LogLine, State } from './speaker-words.ts';

const POOL = 'hangzhou';
const PORT = 6443;
const CONFIG = 'address-pools: [{name: default, protocol: layer2, addresses: [192.168.10.240-192.168.10.250]}]';
const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Start {
  readonly args?: readonly string[];
  readonly under?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Leaves --server away. */
  readonly noServer?: boolean;
}

/** A NodePool of real speakers in namespaces, beside a cloud with the in-process API server. */
export class SpeakerSite {
  readonly folder = mkdtempSync(join(tmpdir(), 'yurtlb-speaker-'));
  private readonly speakers = new Map<string, ChildProcess>();
  private closed = false;

  private constructor(readonly site: Site) {}

  /** @param lan6 first part of the LAN's IPv6 /64, where it has one */
  static async create(nodes: readonly string[], lan6?: string): Promise<SpeakerSite> {
    const pool = { name: POOL, nodes, ...(lan6 === undefined ? {} : { lan6 }) };
    const site = await Site.create({ prefix: 'sp', pools: [pool] });
    const made = new SpeakerSite(site);
    try {
      await made.startCloud();
      return made;
    } catch (error) {
      made.close();
      throw error;
    }
  }

  get clientNs(): string {
    return this.site.pool(POOL).clientNs;
  }

  /** A Service with an address in the NodePool, as the controller leaves it. @returns its path */
  async addService(name: string, address: string, spec: Json = {}): Promise<string> {
    const path = '/api/v1/namespaces/default/services';
    await this.api('POST', path, {
      metadata: { name },
      spec: {
        type: 'LoadBalancer',
        loadBalancerClass: 'service.openyurt.io/vip',
        ports: [{ port: 80, protocol: 'TCP' }],
        ...spec,
      },
    });
    const ingress = [{ ip: address, hostname: POOL, ipMode: 'VIP' }];
    await this.api('PATCH', `${path}/${name}/status`, { status: { loadBalancer: { ingress } } });
    return `${path}/${name}`;
  }

  /**
   * @param args behind the usual ones, the last of a kind counts
   * @param under a command that runs the speaker
   * @returns when its process was started, milliseconds since the epoch
   */
  startSpeaker(node: string, { args: more = [], under = [], env = {}, noServer = false }: Start = {}): number {
    const { ns } = this.site.node(node);
    const [command = '', ...args] = [
      ...under,
      process.execPath,
      join(root, 'cloud-controller/bin/yurtlb.mjs'),
      'speaker',
      `--node-name=${node}`,
      ...(noServer ? [] : [`--server=${this.server}`]),
      `--cache-dir=${this.cacheDir(node)}`,
      `--pool-key-dir=${join(this.folder, 'keys')}`,
      '--log-level=debug',
      ...more,
    ];
    const startedMs = Date.now();
    const child = this.site.spawn(ns, command, args, {
      stdio: ['ignore', 'inherit', 'pipe'],
      env: { ...process.env, ...env },
    });
    child.stderr?.on('data', (text: Buffer) => {
      if (!this.closed) writeFileSync(this.logFile(node), text, { flag: 'a' }); // the last words of a killed one come late
    });
    this.speakers.set(node, child);
    return startedMs;
  }

  startAll(): void {
    for (const { name } of this.site.pool(POOL).nodes) this.startSpeaker(name);
  }

  /** @returns the exit code, or null after a SIGKILL */
  async stopSpeaker(node: string, signal: NodeJS.Signals): Promise<number | null> {
    const child = this.speakers.get(node);
    this.speakers.delete(node);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = once(child, 'exit');
    child.kill(signal);
    return (await ended)[0] as number | null;
  }

  pidOf(node: string): number {
    const pid = this.speakers.get(node)?.pid;
    if (pid === undefined) throw new Error(`no speaker runs on ${node}`);
    return pid;
  }

  logOf(node: string): string {
    return readFileSync(this.logFile(node), 'utf8');
  }

  /** Where the speaker of a node keeps its autonomy cache. */
  cacheDir(node: string): string {
    return join(this.folder, node);
  }

  hasLog(node: string): boolean {
    return existsSync(this.logFile(node));
  }

  /** A kubeconfig that leads to the cloud, for everybody. */
  writeKubeconfig(file: string): void {
    const clusters = [{ name: 'cloud', cluster: { server: this.server } }];
    const contexts = [{ name: 'cloud', context: { cluster: 'cloud', user: 'speaker' } }];
    const users = [{ name: 'speaker', user: {} }];
    const words = { apiVersion: 'v1', kind: 'Config', 'current-context': 'cloud', clusters, contexts, users };
    writeFileSync(file, JSON.stringify(words));
  }

  /** Lines of the node's log from the `since`-th character on, parsed. */
  linesOf(node: string, since = 0): LogLine[] {
    const whole = this.logOf(node).slice(since);
    const lines = whole.slice(0, whole.lastIndexOf('\n') + 1).split('\n');
    return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogLine);
  }

  /** The exit code of the node's speaker, once it ended by itself. */
  async exitOf(node: string): Promise<number | null> {
    const child = this.speakers.get(node);
    if (child === undefined || child.exitCode !== null) return child?.exitCode ?? null;
    return (await once(child, 'exit'))[0] as number | null;
  }

  /** A page of the speaker's loopback server, read from inside its namespace. @param whatever also when it is not 200 */
  page(node: string, path: string, whatever = false): string | undefined {
    return loopbackPage(this.site, this.site.node(node).ns, `http://127.0.0.1:10372${path}`, whatever);
  }

  state(node: string): State | undefined {
    const page = this.page(node, '/state');
    return page === undefined ? undefined : (JSON.parse(page) as State);
  }

  /** @throws Error naming `what` and the last state after `timeoutMs` */
  async until(what: string, node: string, holds: (state: State) => boolean, timeoutMs = 10_000): Promise<State> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const state = this.state(node);
      if (state !== undefined && holds(state)) return state;
      if (Date.now() > deadline) throw new Error(`${what}: ${JSON.stringify(state)}\n${this.logOf(node).slice(-3000)}`);
      await sleep(100); // each look is a process of its own
    }
  }

  /** Which node a MAC on the LAN belongs to. */
  nodeOfMac(mac: string): string {
    for (const { name, ns } of this.site.pool(POOL).nodes) {
      if (this.site.exec(ns, 'ip', ['-o', 'link', 'show', 'eth0']).stdout.includes(mac)) return name;
    }
    throw new Error(`no node has MAC ${mac}`);
  }

  ask(addresses: readonly string[], intervalMs = 5): Promise<ArpClient> {
    return ArpClient.start(this.site, this.clientNs, addresses, { intervalMs });
  }

  cutCloud(): void {
    for (const { name } of this.site.pool(POOL).nodes) this.site.cutCloud(name, { how: 'blackhole' });
  }

  restoreCloud(): void {
    for (const { name } of this.site.pool(POOL).nodes) this.site.restoreCloud(name);
  }

  /** A request to the API server through its door, from this namespace. @throws Error with the answer when it is refused */
  api(method: string, path: string, body?: Json): Promise<Json> {
    return askDoor(this.door, method, path, body);
  }

  close(): void {
    this.closed = true;
    this.site.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private get server(): string {
    return `http://${this.site.plan.cloudIp}:${PORT}`;
  }

  private get door(): string {
    return join(this.folder, 'door');
  }

  private logFile(node: string): string {
    return join(this.folder, `${node}.log`);
  }

  private async startCloud(): Promise<void> {
    mkdirSync(join(this.folder, 'keys'));
    writeFileSync(join(this.folder, 'keys', 'k1'), randomBytes(32).toString('base64'));
    const { cloudNs, cloudIp } = this.site.plan;
    const args = [...childProgram('api-server/main'), '--host', cloudIp, '--port', `${PORT}`, '--socket', this.door];
    const child = this.site.spawn(cloudNs, process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    if (child.stdout === null) throw new Error('the API server was started without a pipe');
    await once(createInterface({ input: child.stdout }), 'line');
    for (const name of ['yurtlb-system', 'yurtlb-reports']) {
      await this.api('POST', '/api/v1/namespaces', { metadata: { name } });
    }
    await this.api('POST', '/api/v1/namespaces/yurtlb-system/configmaps', {
      metadata: { name: POOL, labels: { 'apps.openyurt.io/nodepool': POOL } },
      data: { config: CONFIG, site: 'minReadySeconds: 0' }, // who comes back has its addresses again at once
    });
    for (const { name, lanIp } of this.site.pool(POOL).nodes) {
      const labels = { 'apps.openyurt.io/nodepool': POOL, 'openyurt.io/is-edge-worker': 'true' };
      await this.api('POST', '/api/v1/nodes', { metadata: { name, labels } });
      const status = { addresses: [{ type: 'InternalIP', address: lanIp }] };
      await this.api('PATCH', `/api/v1/nodes/${name}/status`, { status });
    }
  }
}
