import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { controlPlaneBinaries } from './available.ts';
import { Child, inNetns } from './child.ts';
import { waitUntil } from './wait-until.ts';
import { makeWorkDir, removeWorkDir } from './work-dir.ts';

const READY = { deadlineMs: 40_000, everyMs: 50 };

export interface KubeProxyOptions {
  /** the node's network namespace: IPv4 forwarding on, loopback up */
  netns: string;
  /** name of the Node object that the test has made */
  nodeName: string;
  /** path; `kubeconfigFor({ user: 'system:kube-proxy' })` has the right RBAC role from the start */
  kubeconfig: string;
  /** Pod addresses; traffic from elsewhere to a cluster IP is masqueraded */
  clusterCidr?: string;
  env?: NodeJS.ProcessEnv;
}

/** A kube-proxy in nftables mode that carries Services in one node's namespace. */
export interface KubeProxy {
  readonly pid: number | undefined;
  /** The process is gone when this returns; its nftables go with the namespace. */
  stop(): Promise<void>;
  logTail(): string;
}

/** What keeps kube-proxy's nftables mode from working here, with the remedy; undefined when all is there. */
export function kubeProxyProblem(): string | undefined {
  const nft = spawnSync('nft', ['--version'], { encoding: 'utf8' });
  if (nft.error) return 'no `nft` command for kube-proxy: apt-get install -y nftables';
  const [, major = 0, minor = 0, patch = 0] = (/v(\d+)\.(\d+)\.(\d+)/.exec(nft.stdout) ?? []).map(Number);
  if (major * 1e6 + minor * 1e3 + patch >= 1_000_001) return undefined;
  return `${nft.stdout.trim()} is too old for kube-proxy: 1.0.1 or newer is needed`;
}

/**
 * Starts kube-proxy and waits until its first rules stand.
 *
 * @throws Error with the remedy when `nft` or the program is missing; with the log's end when it does not come up
 */
export async function startKubeProxy(options: KubeProxyOptions): Promise<KubeProxy> {
  const problem = kubeProxyProblem();
  if (problem) throw new Error(problem);
  const binaries = controlPlaneBinaries(options.env);
  if (!binaries.ok) throw new Error(binaries.reason);

  const dir = makeWorkDir();
  const config = join(dir, 'kube-proxy.json');
  writeFileSync(config, JSON.stringify(configuration(options), null, 2));
  const child = Child.start({
    name: 'kube-proxy',
    command: binaries.programs['kube-proxy'],
    args: [`--config=${config}`],
    netns: options.netns,
    logFile: join(dir, 'kube-proxy.log'),
  });
  const stop = async () => {
    await child.stop();
    removeWorkDir(dir);
  };
  try {
    await waitUntil('kube-proxy wrote no rules', async () => wroteRules(child, options.netns), READY);
  } catch (error) {
    const tail = existsSync(child.spec.logFile) ? child.logTail() : '';
    await stop();
    throw new Error(`${(error as Error).message}\n${tail}`);
  }
  return { pid: child.pid, stop, logTail: () => child.logTail() };
}

/** Its tables appear with the first whole sync: one transaction after Services and EndpointSlices are known. */
function wroteRules(child: Child, netns: string): boolean {
  if (child.problem) throw new Error(child.problem);
  const [command, args] = inNetns(netns, 'nft', ['list', 'tables']);
  return spawnSync(command, args, { encoding: 'utf8' }).stdout.includes('table ip kube-proxy');
}

/** KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1). */
function configuration({ nodeName, kubeconfig, clusterCidr = '10.244.0.0/16' }: KubeProxyOptions) {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'nftables',
    hostnameOverride: nodeName,
    clientConnection: { kubeconfig },
    clusterCIDR: clusterCidr,
    healthzBindAddress: '127.0.0.1:10256',
    metricsBindAddress: '127.0.0.1:10249',
    nodePortAddresses: ['primary'],
    nftables: { syncPeriod: '30s', minSyncPeriod: '100ms' }, // default 1s: tests would wait for it
    // Zero leaves the kernel's values: these sysctls cannot be written from within a namespace.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  };
}
