import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { SYSTEM_NAMESPACE } from '@openyurt/nodepool-types';
import type { Cloud } from './cloud/cloud.ts';
import type { KubeCloud } from './cloud/kube-cloud.ts';
import { type Mount, podCommand, podSpec, type Workload } from './kube/pod.ts';
import type { Site } from './netns/site.ts';

const PROGRAM = fileURLToPath(new URL('../../cloud-controller/bin/yurtlb.mjs', import.meta.url));
const RELAY = fileURLToPath(new URL('./kube/hub-relay.mjs', import.meta.url));
const SERVICE_ACCOUNT = '/run/secrets/kubernetes.io/serviceaccount';

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

/** How the programs are started on a stage. `dir` is the stage's own folder, `extra` goes behind the usual arguments. */
export interface Programs {
  controller(extra: readonly string[]): Promise<Command>;
  speaker(node: string, extra: readonly string[]): Promise<Command>;
}

export const cacheDirOf = (dir: string, node: string): string => join(dir, 'cache', node);

/** As processes with a kubeconfig, for the API server of ours. */
export function plainPrograms(cloud: Cloud, dir: string): Programs {
  const keys = join(dir, 'pool-key');
  mkdirSync(keys, { mode: 0o700 });
  writeFileSync(join(keys, 'k1'), randomBytes(32).toString('base64'), { mode: 0o600 });
  const run = (...args: readonly string[]): Command => ({
    command: process.execPath,
    args: [PROGRAM, ...args],
  });
  return {
    async controller(extra) {
      const kubeconfig = await cloud.kubeconfigFor('controller');
      const namespace = `--namespace=${SYSTEM_NAMESPACE}`;
      return run('controller', `--kubeconfig=${kubeconfig}`, namespace, '--health-address=127.0.0.1:10374', ...extra);
    },
    async speaker(node, extra) {
      const kubeconfig = await cloud.kubeconfigFor('speaker');
      const places = [`--cache-dir=${cacheDirOf(dir, node)}`, `--pool-key-dir=${keys}`];
      return run('speaker', `--node-name=${node}`, `--kubeconfig=${kubeconfig}`, ...places, ...extra);
    },
  };
}

/**
 * As our manifests say: their arguments, ServiceAccount tokens, user, capabilities and mounts; the pool key comes from
 * the Secret that `yurtlb key` printed, the API from where YurtHub listens.
 */
export async function podPrograms(cloud: KubeCloud, site: Site, dir: string): Promise<Programs> {
  const secret = await keySecret(cloud, dir);
  await Promise.all(site.pools.flatMap(({ nodes }) => nodes).map(({ ns }) => startRelay(cloud, site, ns)));
  const account = async (name: 'controller' | 'speaker'): Promise<Mount> => {
    const from = join(dir, `account-${name}`);
    mkdirSync(from, { recursive: true });
    // as the kubelet does, in one step: another speaker may be reading it
    writeFileSync(join(from, 'token.new'), await cloud.tokenFor(name));
    renameSync(join(from, 'token.new'), join(from, 'token'));
    writeFileSync(join(from, 'ca.crt'), readFileSync(cloud.caFile)); // for all to read, as the kubelet's are
    return { from, to: SERVICE_ACCOUNT };
  };
  const workload = async (kind: string, name: string) =>
    JSON.parse(await cloud.kubectl(['get', kind, name, '-n', SYSTEM_NAMESPACE, '-o', 'json'])) as Workload;
  return {
    async controller(extra) {
      const fields = { 'metadata.namespace': SYSTEM_NAMESPACE, 'metadata.name': 'yurtlb-controller-0' };
      const deployment = await workload('deployment', 'yurtlb-controller');
      const spec = podSpec(deployment, fields, [await account('controller')]);
      const { hostname, port } = new URL(cloud.server);
      const env = { ...spec.env, KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
      return podCommand({ ...spec, env, args: [...spec.args, ...extra] });
    },
    async speaker(node, extra) {
      const cache = { from: cacheDirOf(dir, node), to: '/var/lib/yurtlb' };
      mkdirSync(cache.from, { recursive: true });
      const mounts = [await account('speaker'), { from: secret, to: '/etc/yurtlb/pool-key' }, cache];
      const fields = { 'metadata.namespace': SYSTEM_NAMESPACE, 'spec.nodeName': node };
      const spec = podSpec(await workload('daemonset', 'yurtlb-speaker'), fields, mounts);
      return podCommand({ ...spec, args: [...spec.args, ...extra] });
    },
  };
}

/** `yurtlb key | kubectl apply -f -`, and the folder a kubelet would make of it. */
async function keySecret(cloud: KubeCloud, dir: string): Promise<string> {
  const printed = await run([PROGRAM, 'key']);
  await cloud.kubectl(['apply', '-f', '-'], printed);
  const got = await cloud.kubectl(['get', 'secret', 'yurtlb-pool-key', '-n', SYSTEM_NAMESPACE, '-o', 'json']);
  const { data } = JSON.parse(got) as { data: Record<string, string> };
  const folder = join(dir, 'pool-key');
  mkdirSync(folder);
  for (const [name, value] of Object.entries(data)) {
    writeFileSync(join(folder, name), Buffer.from(value, 'base64'), { mode: 0o400 });
  }
  return folder;
}

async function startRelay(cloud: KubeCloud, site: Site, ns: string): Promise<void> {
  const relay = site.spawn(ns, process.execPath, [RELAY, cloud.server, cloud.caFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (relay.stdout === null) throw new Error('the relay was started without a pipe');
  await once(createInterface({ input: relay.stdout }), 'line');
}

async function run(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [...args], (error, stdout) => (error === null ? resolve(stdout) : reject(error)));
  });
}
