import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { atExit } from '../at-exit.ts';
import { apiStatus } from './api-status.ts';
import { controlPlaneBinaries, type Programs } from './available.ts';
import { CertificateAuthority, type Subject } from './certificate-authority.ts';
import { Child } from './child.ts';
import { apiServerArgs, controllerManagerArgs, etcdArgs, type Layout, SERVER_NAMES, serverUrl } from './components.ts';
import { freePorts } from './free-ports.ts';
import { type Credential, kubeconfigText } from './kubeconfig.ts';
import { type KubectlResult, runKubectl } from './kubectl.ts';
import { waitUntil } from './wait-until.ts';
import { makeWorkDir, removeWorkDir } from './work-dir.ts';

const START = { deadlineMs: 60_000, everyMs: 100 }; // two cores, several suites: far above the usual 3 s
const NETNS_PORTS = { api: 6443, etcd: 2379, etcdPeer: 2380 };

export interface ControlPlaneOptions {
  /** network namespace for all its programs, made by the caller, loopback up; one control plane in each */
  netns?: string;
  /** where kube-apiserver listens; default 127.0.0.1 */
  address?: string;
  /** further names and addresses for the server's certificate */
  names?: readonly string[];
  /** Endpoints, ServiceAccounts, garbage collection, ...; default false */
  controllerManager?: boolean;
  /** an existing folder of the caller's for data and logs, which is then left in place */
  dir?: string;
  env?: NodeJS.ProcessEnv;
}

/** Whom a kubeconfig acts as: any user and groups, or a ServiceAccount written `namespace/name`. */
export type ActingAs = { user: string; groups?: readonly string[] } | { serviceAccount: string };

/** etcd, kube-apiserver with RBAC and, where asked for, kube-controller-manager, as real processes. */
export class ControlPlane {
  readonly server: string;
  readonly caFile: string;
  /** path of the admin's kubeconfig (group system:masters) */
  readonly kubeconfig: string;
  private readonly authority = new CertificateAuthority();
  private etcd: Child | undefined;
  private apiServer: Child | undefined;
  private controllerManager: Child | undefined;
  private kubeconfigs = 0;
  private readonly forget: () => void;

  constructor(
    private readonly programs: Programs,
    private readonly layout: Layout,
    private readonly options: ControlPlaneOptions,
  ) {
    this.server = serverUrl(layout);
    const names = new Set([layout.address, ...SERVER_NAMES, ...(options.names ?? [])]);
    const serving = this.authority.issueServer('kube-apiserver', [...names]);
    const accounts = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.caFile = this.write('ca.crt', this.authority.cert);
    this.write('apiserver.crt', serving.cert);
    this.write('apiserver.key', serving.key);
    this.write('sa.pub', accounts.publicKey.export({ type: 'spki', format: 'pem' }).toString());
    this.write('sa.key', accounts.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    this.kubeconfig = this.issueKubeconfig('admin', { commonName: 'admin', organizations: ['system:masters'] });
    // They would die with this process anyhow, but write into their folder while it is being removed.
    this.forget = atExit(() => void this.stop());
  }

  /** etcd's own API, without TLS. */
  get etcdUrl(): string {
    return `http://127.0.0.1:${this.layout.ports.etcd}`;
  }

  /** Why one of its programs does not run any more; undefined while all do. */
  get problem(): string | undefined {
    return [this.etcd, this.apiServer, this.controllerManager].flatMap((child) => child?.problem ?? [])[0];
  }

  /** The programs' process ids, for tests that look for what is left. */
  get pids(): number[] {
    return [this.etcd, this.apiServer, this.controllerManager].flatMap((child) => child?.pid ?? []);
  }

  async start(): Promise<void> {
    this.etcd = this.spawn('etcd', etcdArgs(this.layout));
    await this.startApiServer();
    if (!this.layout.controllerManager) return;
    const user = { commonName: 'system:kube-controller-manager' };
    const args = controllerManagerArgs(this.layout, this.issueKubeconfig('controller-manager', user));
    this.controllerManager = this.spawn('kube-controller-manager', args);
    const made = ['get', 'serviceaccount/default', 'configmap/kube-root-ca.crt', '-n', 'default'];
    await this.waitFor('kube-controller-manager made no ServiceAccount', this.controllerManager, () =>
      this.complaint(made),
    );
  }

  /** Runs kubectl as the admin, or under another kubeconfig when `args` has `--kubeconfig`. */
  kubectl(args: readonly string[], stdin?: string): Promise<KubectlResult> {
    const cacheDir = join(this.layout.dir, 'kubectl-cache');
    const { kubeconfig, programs, options } = this;
    return runKubectl({ program: programs.kubectl, kubeconfig, cacheDir, netns: options.netns }, args, stdin);
  }

  /** A token by TokenRequest, valid for an hour. @param serviceAccount written `namespace/name` */
  async tokenFor(serviceAccount: string): Promise<string> {
    const [namespace = '', name = ''] = serviceAccount.split('/');
    const { stdout, stderr, code } = await this.kubectl(['create', 'token', name, '-n', namespace, '--duration=1h']);
    if (code !== 0) throw new Error(`no token for ServiceAccount ${serviceAccount}: ${stderr.trim()}`);
    return stdout.trim();
  }

  /** Writes a kubeconfig for anybody. @returns its path */
  async kubeconfigFor(who: ActingAs): Promise<string> {
    const name = `client-${++this.kubeconfigs}`;
    if ('user' in who) return this.issueKubeconfig(name, { commonName: who.user, organizations: who.groups ?? [] });
    return this.writeKubeconfig(name, { token: await this.tokenFor(who.serviceAccount) });
  }

  /** From here on clients are refused (connection refused); the data stays. */
  async stopApiServer(): Promise<void> {
    await this.apiServer?.stop();
  }

  /** Starts kube-apiserver, also again, on the same port and data. @returns when `/readyz` says ok */
  async startApiServer(): Promise<void> {
    this.apiServer = this.spawn('kube-apiserver', apiServerArgs(this.layout));
    const { apiServer } = this;
    await this.waitFor('kube-apiserver is not ready', apiServer, async () => {
      if (this.options.netns === undefined) return answerOf(await apiStatus(this.kubeconfig, '/readyz'));
      // Each kubectl takes from the cores what the start needs.
      return apiServer.hasLogged('Serving securely')
        ? this.complaint(['get', '--raw=/readyz'])
        : 'it does not listen yet';
    });
  }

  /** Stops kube-apiserver, does what the caller wants done while the API is refused, and starts it again. */
  async restartApiServer(whileRefused: () => Promise<void> = async () => {}): Promise<void> {
    await this.stopApiServer();
    await whileRefused();
    await this.startApiServer();
  }

  /** All its processes and its own folder are gone when this returns. May be called twice. */
  async stop(): Promise<void> {
    await Promise.all([this.controllerManager, this.apiServer, this.etcd].map((child) => child?.stop()));
    this.forget();
    if (this.options.dir === undefined) removeWorkDir(this.layout.dir);
  }

  private spawn(name: keyof Programs, args: readonly string[]): Child {
    const logFile = join(this.layout.dir, `${name}.log`);
    return Child.start({ name, command: this.programs[name], args, netns: this.options.netns, logFile });
  }

  /** @param ask says what is still amiss; empty: nothing */
  private async waitFor(what: string, child: Child, ask: () => Promise<string>): Promise<void> {
    let last = '';
    const answers = async () => {
      const problem = this.etcd?.problem ?? child.problem;
      if (problem) throw new Error(problem);
      last = await ask();
      return last === '';
    };
    await waitUntil(what, answers, START).catch((error: Error) => {
      throw new Error(`${error.message}\n${last}${child.problem ? '' : child.logTail()}`);
    });
  }

  private async complaint(kubectlArgs: readonly string[]): Promise<string> {
    const { code, stderr } = await this.kubectl(['--request-timeout=2s', ...kubectlArgs]);
    return code === 0 ? '' : stderr || `exit code ${code}\n`;
  }

  private issueKubeconfig(name: string, subject: Subject): string {
    return this.writeKubeconfig(name, { client: this.authority.issueClient(subject) });
  }

  private writeKubeconfig(name: string, credential: Credential): string {
    return this.write(`${name}.kubeconfig`, kubeconfigText(this.server, this.authority.cert, credential));
  }

  private write(name: string, content: string): string {
    const path = join(this.layout.dir, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  }
}

/**
 * Starts a real control plane and waits until it serves.
 *
 * @throws Error with the remedy when the programs were not built; with the log's end when one of them ends
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const { netns, address = '127.0.0.1', controllerManager = false, env = process.env } = options;
  const binaries = controlPlaneBinaries(env);
  if (!binaries.ok) throw new Error(binaries.reason);
  const ports = netns === undefined ? await hostPorts(address) : NETNS_PORTS;
  const dir = options.dir ?? makeWorkDir();
  const plane = new ControlPlane(binaries.programs, { dir, address, ports, controllerManager }, options);
  try {
    await plane.start();
  } catch (error) {
    await plane.stop();
    throw error;
  }
  return plane;
}

async function hostPorts(address: string): Promise<Layout['ports']> {
  const [api = 0] = await freePorts(1, address);
  const [etcd = 0, etcdPeer = 0] = await freePorts(2, '127.0.0.1');
  return { api, etcd, etcdPeer };
}

function answerOf(status: number): string {
  return status === 200 ? '' : `HTTP status ${status}\n`;
}
