import { fileURLToPath } from 'node:url';
import type { KubeObject } from '@openyurt/nodepool-types';
import { startControlPlane } from '../kube/control-plane.ts';
import type { Site } from '../netns/site.ts';
import { type Account, type Cloud, pathsOf } from './cloud.ts';

const ACTING_AS = {
  controller: { serviceAccount: 'yurtlb-system/yurtlb-controller' },
  speaker: { serviceAccount: 'yurtlb-system/yurtlb-speaker' },
  'kube-proxy': { user: 'system:kube-proxy' },
} as const;

/** What only the real control plane has. */
export interface KubeCloud extends Cloud {
  readonly kind: 'kube';
  readonly caFile: string;
  /** @throws Error with what kubectl said when it did not end with 0 */
  kubectl(args: readonly string[], stdin?: string): Promise<string>;
  tokenFor(account: 'controller' | 'speaker'): Promise<string>;
}

/** The real kube-apiserver, etcd and kube-controller-manager in the site's cloud, with our manifests applied to them. */
export async function startKubeCloud(site: Site): Promise<KubeCloud> {
  const { cloudNs, cloudIp } = site.plan;
  const plane = await startControlPlane({ netns: cloudNs, address: cloudIp, controllerManager: true });
  const kubectl = async (args: readonly string[], stdin?: string): Promise<string> => {
    const { stdout, stderr, code } = await plane.kubectl(args, stdin);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim()}`);
    return stdout;
  };
  try {
    await install(kubectl);
  } catch (error) {
    await plane.stop();
    throw error;
  }
  const kubeconfigs = new Map<Account, Promise<string>>();
  return {
    kind: 'kube',
    server: plane.server,
    caFile: plane.caFile,
    kubectl,
    tokenFor: (account) => plane.tokenFor(ACTING_AS[account].serviceAccount),
    kubeconfigFor(account) {
      const known = kubeconfigs.get(account) ?? plane.kubeconfigFor(ACTING_AS[account]);
      kubeconfigs.set(account, known);
      return known;
    },
    async apply(...objects: readonly KubeObject[]) {
      const list = { apiVersion: 'v1', kind: 'List', items: objects };
      await kubectl(['apply', '-f', '-'], JSON.stringify(list));
      for (const object of objects.filter((each) => 'status' in each)) {
        const { self } = pathsOf(object);
        const current = JSON.parse(await kubectl(['get', '--raw', self])) as KubeObject;
        const { status } = object as KubeObject & { status: unknown };
        await kubectl(['replace', '--raw', `${self}/status`, '-f', '-'], JSON.stringify({ ...current, status }));
      }
    },
    get: async (path) => JSON.parse(await kubectl(['get', '--raw', path])),
    delete: async (path) => void (await kubectl(['delete', '--raw', path])),
    async table(path) {
      const resource = path.split('/').at(-1) ?? '';
      const namespace = /\/namespaces\/([^/]+)\//.exec(path)?.[1];
      const where = namespace === undefined ? ['-A'] : ['-n', namespace];
      return (await kubectl(['get', resource, ...where])).trimEnd().split('\n');
    },
    stop: () => plane.stop(),
  };
}

/** The CRDs that OpenYurt brings, and our manifests, as an operator applies them. */
async function install(kubectl: KubeCloud['kubectl']): Promise<void> {
  const crds = fileURLToPath(new URL('../../../nodepool/crds', import.meta.url));
  const manifests = fileURLToPath(new URL('../../../manifests', import.meta.url));
  await kubectl(['apply', '-f', crds]);
  const names = ['nodepools.apps.openyurt.io', 'poolservices.network.openyurt.io'].map((name) => `crd/${name}`);
  await kubectl(['wait', '--for=condition=Established', ...names, '--timeout=30s']);
  await kubectl(['apply', '-k', manifests]);
}
