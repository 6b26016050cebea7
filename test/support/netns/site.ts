import { type ChildProcess, execFileSync, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { atExit } from '../at-exit.ts';
import { isAlive } from '../is-alive.ts';
import { canMakeSites } from './enter.mjs';
import {
  namespacesOf,
  planSite,
  rewiring,
  type SiteNode,
  type SitePlan,
  type SitePool,
  type SiteSpec,
  wiring,
} from './plan.ts';

/**
 * `down`: the far end of the cable goes down, so the node's interface loses its carrier, as when a plug is pulled.
 * `blackhole`: the far port forwards nothing; the node's carrier stays, frames vanish silently, as behind a dead uplink.
 */
export type Cut = 'down' | 'blackhole';

/** What a command in a namespace said. */
export interface ExecResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

let serial = 0;

/**
 * An edge site on one machine, in network namespaces: a cloud, per NodePool a LAN with its switch, nodes with `eth0` on the LAN
 * and `cloud0` toward the cloud, and a client. Nothing touches the namespace this process runs in. Closed at the end of the
 * process at the latest; what a killed process left behind goes when the next site is made.
 */
export class Site {
  /** What runs, and in which namespace. */
  private readonly children = new Map<ChildProcess, string>();
  private readonly cuts = new Map<string, Cut>();
  private closed = false;
  private readonly forget = atExit(() => this.close());

  private constructor(readonly plan: SitePlan) {}

  /** @throws Error naming what is missing and the remedy, see `canMakeSites` */
  static async create(spec: SiteSpec): Promise<Site> {
    const can = canMakeSites();
    if (!can.ok) throw new Error(`${can.reason}. ${can.remedy}`);
    const prefix = spec.prefix ?? 'yl';
    removeLeftovers(prefix);
    const site = new Site(planSite(spec, `${process.pid}-${++serial}`));
    try {
      await site.build();
      return site;
    } catch (error) {
      site.close();
      throw error;
    }
  }

  get pools(): readonly SitePool[] {
    return this.plan.pools;
  }

  pool(name: string): SitePool {
    return found(
      this.pools.find((pool) => pool.name === name),
      `pool ${name}`,
    );
  }

  node(name: string): SiteNode {
    const nodes = this.pools.flatMap((pool) => pool.nodes);
    return found(
      nodes.find((node) => node.name === name),
      `node ${name}`,
    );
  }

  /** The MAC of a node on the LAN, as `02:42:ac:11:00:02`. */
  macOf(node: string): string {
    const { ns } = this.node(node);
    const [link] = JSON.parse(this.exec(ns, 'ip', ['-json', 'link', 'show', 'eth0']).stdout) as { address: string }[];
    return found(link, `MAC of ${node}`).address;
  }

  /** Runs a command in a namespace to its end. A non-zero status is a result, not an error. */
  exec(ns: string, command: string, args: readonly string[] = []): ExecResult {
    const run = spawnSync('nsenter', inside(ns, [command, ...args]), { encoding: 'utf8' });
    if (run.error !== undefined) throw run.error;
    return { status: run.status ?? 128, stdout: run.stdout, stderr: run.stderr };
  }

  /** Starts a command in a namespace. It dies with this process, also when this process is killed, and with the site. */
  spawn(ns: string, command: string, args: readonly string[] = [], options: SpawnOptions = {}): ChildProcess {
    const child = spawn('nsenter', inside(ns, ['setpriv', '--pdeathsig', 'KILL', command, ...args]), options);
    this.children.set(child, ns);
    child.once('exit', () => this.children.delete(child));
    return child;
  }

  cutCloud(node: string, { how = 'down' }: { how?: Cut } = {}): void {
    this.cut(this.plan.cloudNs, this.node(node).cloudPort, how);
  }

  restoreCloud(node: string): void {
    this.restore(this.plan.cloudNs, this.node(node).cloudPort);
  }

  cutLan(node: string, { how = 'down' }: { how?: Cut } = {}): void {
    const { pool, lanPort } = this.node(node);
    this.cut(this.pool(pool).switchNs, lanPort, how);
  }

  restoreLan(node: string): void {
    const { pool, lanPort } = this.node(node);
    this.restore(this.pool(pool).switchNs, lanPort);
  }

  /** Power is cut: what runs in the node's namespace ends at once, and its interfaces go. Cuts of its links are forgotten. */
  async powerOff(name: string): Promise<void> {
    const node = this.node(name);
    const { switchNs } = this.pool(node.pool);
    const running = [...this.children].filter(([, ns]) => ns === node.ns).map(([child]) => child);
    const ended = running.map((child) => once(child, 'exit'));
    for (const child of running) child.kill('SIGKILL');
    await Promise.all(ended);
    run('ip', ['-n', this.plan.cloudNs, 'link', 'delete', node.cloudPort]);
    run('ip', ['-n', switchNs, 'link', 'delete', node.lanPort]);
    batch([`netns delete ${node.ns}`]);
    this.cuts.delete(`${this.plan.cloudNs} ${node.cloudPort}`);
    this.cuts.delete(`${switchNs} ${node.lanPort}`);
  }

  /** The node is there again: a new namespace, the same addresses, the MAC it had, nothing running. */
  async powerOn(name: string, { mac }: { mac: string }): Promise<void> {
    const node = this.node(name);
    const failed = batch([`netns add ${node.ns}`]);
    if (failed !== '') throw new Error(`${node.ns} cannot be made: ${failed}`);
    for (const { ns, lines } of rewiring(this.plan, this.pool(node.pool), node)) await configure(ns, lines);
    await configure(node.ns, [`link set eth0 address ${mac}`]);
  }

  /** Kills what runs in the site and removes its namespaces. Synchronous, so that it also works in an exit handler. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.forget();
    for (const child of this.children.keys()) child.kill('SIGKILL');
    batch(namespacesOf(this.plan).map((ns) => `netns delete ${ns}`));
  }

  private cut(ns: string, port: string, how: Cut): void {
    this.restore(ns, port);
    this.cuts.set(`${ns} ${port}`, how);
    if (how === 'down') run('ip', ['-n', ns, 'link', 'set', port, 'down']);
    else run('bridge', ['-n', ns, 'link', 'set', 'dev', port, 'state', 'disabled']);
  }

  /** A port that comes up forwards by itself; one that stayed up must be told. */
  private restore(ns: string, port: string): void {
    const how = this.cuts.get(`${ns} ${port}`);
    this.cuts.delete(`${ns} ${port}`);
    if (how === 'down') run('ip', ['-n', ns, 'link', 'set', port, 'up']);
    if (how === 'blackhole') run('bridge', ['-n', ns, 'link', 'set', 'dev', port, 'state', 'forwarding']);
  }

  /** One batch makes the namespaces, then one per namespace, side by side, its wires; nodes forward, as Kubernetes nodes do. */
  private async build(): Promise<void> {
    const failed = batch(namespacesOf(this.plan).map((ns) => `netns add ${ns}`));
    if (failed !== '') throw new Error(`namespaces cannot be made: ${failed}`);
    const { bridges, ends } = wiring(this.plan);
    await Promise.all(bridges.map(({ ns, lines }) => configure(ns, lines)));
    await Promise.all(ends.map(({ ns, lines }) => configure(ns, lines)));
  }
}

function run(command: 'ip' | 'bridge', args: readonly string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`the site has no ${what}`);
  return value;
}

function inside(ns: string, command: readonly string[]): string[] {
  return [`--net=/run/netns/${ns}`, '--', ...command];
}

/** @returns '' or what `ip` complained about; it goes on after a failed line */
function batch(lines: readonly string[]): string {
  return spawnSync('ip', ['-force', '-batch', '-'], { input: `${lines.join('\n')}\n`, encoding: 'utf8' }).stderr;
}

function configure(ns: string, lines: readonly string[]): Promise<void> {
  const script = 'echo 1 > /proc/sys/net/ipv4/ip_forward; exec ip -batch -';
  const child = spawn('nsenter', inside(ns, ['sh', '-c', script]), { stdio: ['pipe', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  child.stdin.end(`${lines.join('\n')}\n`);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`wiring ${ns}: ${complaint}`))));
  });
}

/** Namespaces named by a process that is no more: it was killed before it could tidy up. */
function removeLeftovers(prefix: string): void {
  let names: string[] = [];
  try {
    names = readdirSync('/run/netns');
  } catch {
    return; // nobody made a namespace since boot
  }
  const owner = new RegExp(`^${prefix}(\\d+)-\\d+-`);
  const dead = names.filter((name) => {
    const pid = owner.exec(name)?.[1];
    return pid !== undefined && !isAlive(Number(pid));
  });
  if (dead.length > 0) batch(dead.map((name) => `netns delete ${name}`));
}
