import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeCloud } from '../../cloud/kube-cloud.ts';
import { Child } from '../../kube/child.ts';
import { kubeconfigText } from '../../kube/kubeconfig.ts';
import type { SiteNode } from '../../netns/plan.ts';
import type { Site } from '../../netns/site.ts';
import type { MetalLbFiles } from './binary.ts';
import * as objects from './objects.ts';

/** The kubelet's pauses before it starts a container again that ended: CrashLoopBackOff, from 10 s, doubled up to 5 min. */
const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 300_000;
const LOOK_EVERY_MS = 500;

export interface Wanted {
  /** Each is given to a Service. */
  readonly addresses: readonly string[];
  /** In the address pool, and nobody's yet; also ranges. */
  readonly spare?: readonly string[];
  readonly nodes: readonly SiteNode[];
}

/** MetalLB's speakers on the nodes of a site, with the arguments, environment and roles of its own manifest. */
export class MetalLb {
  private readonly children = new Map<string, Child>();
  private readonly restarts = new Map<string, NodeJS.Timeout>();
  private runs = 0;
  private controller: Child | undefined;

  private constructor(
    private readonly site: Site,
    private readonly files: MetalLbFiles,
    private readonly dir: string,
    private readonly kubeconfig: string,
  ) {}

  /** Applies what MetalLB's manifest has and gives each address to a Service. `parentDir` takes keys and logs. */
  static async install(
    cloud: KubeCloud,
    site: Site,
    files: MetalLbFiles,
    parentDir: string,
    { addresses, spare = [], nodes }: Wanted,
  ): Promise<MetalLb> {
    const dir = join(parentDir, 'metallb');
    mkdirSync(join(dir, 'key'), { recursive: true });
    writeFileSync(join(dir, 'key', 'secretkey'), randomBytes(32).toString('base64'), { mode: 0o600 });
    await cloud.apply(...objects.installation(readFileSync(files.manifest, 'utf8')));
    const crds = ['ipaddresspools', 'l2advertisements'].map((name) => `crd/${name}.metallb.io`);
    await cloud.kubectl(['wait', '--for=condition=Established', ...crds, '--timeout=30s']);
    const list = { apiVersion: 'v1', kind: 'List', items: objects.addressPool([...addresses, ...spare]) };
    await cloud.kubectl(['apply', '-f', '-'], JSON.stringify(list));
    await applyWithStatus(cloud, objects.speakerPods(nodes), 'pods');
    for (const [i, ip] of addresses.entries()) {
      await cloud.apply(...objects.metalLbService(`metallb-${i + 1}`, ip, nodes));
    }
    const kubeconfig = await kubeconfigOf(cloud, dir, 'speaker');
    return new MetalLb(site, files, dir, kubeconfig);
  }

  /** Also again. One that ends by itself (as it does without the API) is started again as the kubelet would. */
  start(node: string): void {
    clearTimeout(this.restarts.get(node));
    this.launch(node);
    this.supervise(node, FIRST_PAUSE_MS);
  }

  private supervise(node: string, pauseMs: number): void {
    const look = () => {
      const ended = this.children.get(node)?.problem !== undefined;
      const again = () => {
        this.launch(node);
        this.supervise(node, Math.min(pauseMs * 2, LONGEST_PAUSE_MS));
      };
      this.restarts.set(node, ended ? setTimeout(again, pauseMs) : setTimeout(look, LOOK_EVERY_MS));
    };
    look();
  }

  private launch(node: string): void {
    const place = this.site.node(node);
    const env = Object.entries(environment(place, join(this.dir, 'key'))).map(([name, value]) => `${name}=${value}`);
    const args = [
      `--kubeconfig=${this.kubeconfig}`,
      `--lb-class=${objects.METALLB_CLASS}`,
      '--port=7472',
      '--log-level=info',
    ];
    const logFile = join(this.dir, `speaker-${node}-${++this.runs}.log`);
    const words = ['-i', `PATH=${process.env.PATH}`, ...env, this.files.speaker, ...args];
    const child = Child.start({
      name: `MetalLB speaker ${node}`,
      netns: place.ns,
      command: 'env',
      args: words,
      logFile,
    });
    this.children.set(node, child);
  }

  /** In the cloud, under its own ServiceAccount, also again; without webhooks, since nothing serves them here. */
  async startController(cloud: KubeCloud): Promise<void> {
    const kubeconfig = await kubeconfigOf(cloud, this.dir, 'controller');
    const env = [`METALLB_NAMESPACE=${objects.METALLB_NAMESPACE}`, 'METALLB_DEPLOYMENT=controller'];
    const webhooks = ['--webhook-mode=disabled', '--disable-cert-rotation=true'];
    const args = [
      `--kubeconfig=${kubeconfig}`,
      `--lb-class=${objects.METALLB_CLASS}`,
      '--port=7472',
      '--log-level=info',
      ...webhooks,
    ];
    this.controller = Child.start({
      name: 'MetalLB controller',
      netns: this.site.plan.cloudNs,
      command: 'env',
      args: ['-i', `PATH=${process.env.PATH}`, ...env, this.files.controller, ...args],
      logFile: join(this.dir, 'controller.log'),
    });
  }

  async stopController(signal: NodeJS.Signals): Promise<void> {
    await this.controller?.stop(signal);
    this.controller = undefined;
  }

  /** @throws Error with the end of its log where none runs */
  get controllerPid(): number {
    return pidOfRunning(this.controller, 'MetalLB controller');
  }

  /** Why its controller does not run any more; undefined while it does, or where none was started. */
  get problem(): string | undefined {
    return this.controller?.problem;
  }

  async end(node: string, signal: NodeJS.Signals): Promise<void> {
    clearTimeout(this.restarts.get(node));
    const child = this.children.get(node);
    this.children.delete(node);
    await child?.stop(signal);
  }

  /** @throws Error with the end of its log where none runs */
  pidOf(node: string): number {
    return pidOfRunning(this.children.get(node), `MetalLB speaker on ${node}`);
  }

  async close(): Promise<void> {
    await this.controller?.stop('SIGKILL');
    await Promise.all([...this.children.keys()].map((node) => this.end(node, 'SIGKILL')));
  }
}

function pidOfRunning(child: Child | undefined, name: string): number {
  if (child?.pid === undefined || child.problem !== undefined) throw new Error(child?.problem ?? `no ${name} runs`);
  return child.pid;
}

async function kubeconfigOf(cloud: KubeCloud, dir: string, account: 'speaker' | 'controller'): Promise<string> {
  const args = ['create', 'token', account, '-n', objects.METALLB_NAMESPACE, '--duration=4h'];
  const token = (await cloud.kubectl(args)).trim();
  const file = join(dir, `kubeconfig-${account}`);
  writeFileSync(file, kubeconfigText(cloud.server, readFileSync(cloud.caFile, 'utf8'), { token }), { mode: 0o600 });
  return file;
}

/** As MetalLB's DaemonSet sets it, hostNetwork. */
function environment({ name, lanIp }: SiteNode, keyDir: string): Record<string, string> {
  return {
    METALLB_NAMESPACE: objects.METALLB_NAMESPACE,
    METALLB_NODE_NAME: name,
    METALLB_POD_NAME: objects.podName(name),
    METALLB_HOST: lanIp,
    METALLB_ML_BIND_ADDR: lanIp,
    METALLB_ML_LABELS: 'app=metallb,component=speaker',
    METALLB_ML_SECRET_KEY_PATH: keyDir,
  };
}

/** No kubelet runs here: the Pods' addresses are written by hand. */
async function applyWithStatus(
  cloud: KubeCloud,
  pods: ReturnType<typeof objects.speakerPods>,
  resource: string,
): Promise<void> {
  await cloud.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: pods }));
  for (const pod of pods) {
    const path = `/api/v1/namespaces/${pod.metadata.namespace}/${resource}/${pod.metadata.name}`;
    const current = JSON.parse(await cloud.kubectl(['get', '--raw', path])) as object;
    const { status } = pod as { status?: unknown };
    await cloud.kubectl(['replace', '--raw', `${path}/status`, '-f', '-'], JSON.stringify({ ...current, status }));
  }
}
