import { isIPv6 } from 'node:net';
import { join } from 'node:path';

// The command lines of the control plane's programs, each a pure function of where things lie.

/** One control plane's files and ports. `address` is where kube-apiserver listens; etcd stays on loopback. */
export interface Layout {
  readonly dir: string;
  readonly address: string;
  readonly ports: { readonly api: number; readonly etcd: number; readonly etcdPeer: number };
  readonly controllerManager: boolean;
}

const SERVICE_RANGES = ['10.96.0.0/16', 'fd00:96::/112'];

/** What clients inside the cluster call the API server, beside its address. */
export const SERVER_NAMES = [
  '127.0.0.1',
  '::1',
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
  '10.96.0.1',
  'fd00:96::1',
];

export function serverUrl({ address, ports }: Layout): string {
  return `https://${isIPv6(address) ? `[${address}]` : address}:${ports.api}`;
}

export function etcdArgs({ dir, ports }: Layout): string[] {
  const client = `http://127.0.0.1:${ports.etcd}`;
  const peer = `http://127.0.0.1:${ports.etcdPeer}`;
  return [
    `--data-dir=${join(dir, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    '--unsafe-no-fsync', // its data is thrown away
    '--log-level=warn',
  ];
}

export function apiServerArgs({ dir, address, ports, controllerManager }: Layout): string[] {
  const ranges = isIPv6(address) ? [...SERVICE_RANGES].reverse() : SERVICE_RANGES; // first family = the server's own
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    `--bind-address=${address}`,
    `--advertise-address=${address}`,
    `--secure-port=${ports.api}`,
    '--endpoint-reconciler-type=none', // a loopback address may not stand in Endpoints
    '--authorization-mode=Node,RBAC',
    `--client-ca-file=${join(dir, 'ca.crt')}`,
    `--tls-cert-file=${join(dir, 'apiserver.crt')}`,
    `--tls-private-key-file=${join(dir, 'apiserver.key')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${join(dir, 'sa.pub')}`,
    `--service-account-signing-key-file=${join(dir, 'sa.key')}`,
    `--service-cluster-ip-range=${ranges.join(',')}`,
    '--allow-privileged=true',
    // The plugin wants each namespace's default ServiceAccount, which kube-controller-manager makes.
    ...(controllerManager ? [] : ['--disable-admission-plugins=ServiceAccount']),
  ];
}

export function controllerManagerArgs({ dir }: Layout, kubeconfig: string): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    // Nodes here have no kubelet: the node controllers would find them dead and evict their Pods.
    '--controllers=*,-node-lifecycle-controller,-node-ipam-controller,-service-lb-controller,-node-route-controller',
    '--use-service-account-credentials=true',
    `--service-account-private-key-file=${join(dir, 'sa.key')}`,
    `--root-ca-file=${join(dir, 'ca.crt')}`,
    '--kube-api-qps=200', // the default of 20 makes its start 4 s longer
    '--kube-api-burst=400',
    '--leader-elect=false',
    '--secure-port=0',
  ];
}
