import {
  type ConfigMapObject,
  type IpFamily,
  type KubeObject,
  LbError,
  NODE_POOL_LABEL,
  type NodeObject,
  type NodePoolObject,
  type PoolServiceObject,
  REPORTS_NAMESPACE,
  type ServiceObject,
} from '@openyurt/nodepool-types';
import { ApiError, isStatus } from '../kube/api-error.ts';
import { ApiClient } from '../kube/client.ts';
import { Credentials } from '../kube/credentials.ts';

const PAGE = 500;
const POOL_SERVICES = '/apis/network.openyurt.io/v1alpha1';
/** A page of Services is a few MiB, over an uplink that may be poor. */
const DEADLINE_MS = 30_000;

interface Page<T> {
  readonly items?: readonly T[];
  readonly metadata?: { readonly continue?: string };
}

/** What commands read of a cluster. */
export interface ClusterLists {
  /** Of the kubeconfig's current context. */
  readonly namespace: string;
  /** Those of type LoadBalancer. @param namespace undefined: all @throws LbError `LB_API_REFUSED`, `LB_API_UNREACHABLE` */
  services(namespace: string | undefined): Promise<ServiceObject[]>;
  /** @throws LbError as {@link services}; also where the cluster has no OpenYurt */
  nodePools(): Promise<NodePoolObject[]>;
  /** None where the cluster does not know the kind. */
  poolServices(namespace: string | undefined): Promise<PoolServiceObject[]>;
}

/** All of it that the controller reads. */
export interface ClusterWorld extends ClusterLists {
  /** URL of the API server. */
  readonly server: string;
  nodes(): Promise<NodeObject[]>;
  /** With the label of a NodePool. */
  addressConfigMaps(namespace: string): Promise<ConfigMapObject[]>;
  /** Undefined: the API does not serve the kind. */
  allPoolServices(): Promise<PoolServiceObject[] | undefined>;
  /** What speakers report. Undefined: they may not be read, and the controller does without, too. */
  reports(): Promise<ConfigMapObject[] | undefined>;
  /** Of the cluster's Services, the primary first. */
  serviceFamilies(): Promise<IpFamily[]>;
}

/** Reads a cluster page by page. Writes nothing. */
export class ClusterReader implements ClusterWorld {
  private constructor(
    private readonly client: ApiClient,
    readonly server: string,
    readonly namespace: string,
  ) {}

  /** @throws LbError `LB_NO_KUBECONFIG` */
  static open(kubeconfig: string | undefined): ClusterReader {
    const credentials = Credentials.load(kubeconfig);
    const client = new ApiClient(credentials, undefined, DEADLINE_MS, 'yurtlb');
    return new ClusterReader(client, credentials.server, credentials.namespace);
  }

  services(namespace: string | undefined): Promise<ServiceObject[]> {
    const path = `/api/v1${within(namespace)}/services`;
    return this.list<ServiceObject>(path, { fieldSelector: 'spec.type=LoadBalancer' });
  }

  async nodePools(): Promise<NodePoolObject[]> {
    for (const version of ['v1beta2', 'v1beta1']) {
      const found = await this.listIfServed<NodePoolObject>(`/apis/apps.openyurt.io/${version}/nodepools`);
      if (found !== undefined) return found;
    }
    throw new LbError(
      'LB_API_REFUSED',
      `the cluster at ${this.server} has no NodePools`,
      'Name the kubeconfig of a cluster with OpenYurt.',
    );
  }

  async poolServices(namespace: string | undefined): Promise<PoolServiceObject[]> {
    const path = `${POOL_SERVICES}${within(namespace)}/poolservices`;
    return (await this.listIfServed<PoolServiceObject>(path)) ?? [];
  }

  allPoolServices(): Promise<PoolServiceObject[] | undefined> {
    return this.listIfServed<PoolServiceObject>(`${POOL_SERVICES}/poolservices`);
  }

  nodes(): Promise<NodeObject[]> {
    return this.list<NodeObject>('/api/v1/nodes');
  }

  addressConfigMaps(namespace: string): Promise<ConfigMapObject[]> {
    const path = `/api/v1${within(namespace)}/configmaps`;
    return this.list<ConfigMapObject>(path, { labelSelector: NODE_POOL_LABEL });
  }

  reports(): Promise<ConfigMapObject[] | undefined> {
    const path = `/api/v1${within(REPORTS_NAMESPACE)}/configmaps`;
    return this.listUnless<ConfigMapObject>([403, 404], path, { labelSelector: NODE_POOL_LABEL });
  }

  /**
   * By the ranges of their addresses, which Kubernetes tells from 1.33 on. The API server's own Service has only the primary
   * family: whether there is a second one it does not say.
   */
  async serviceFamilies(): Promise<IpFamily[]> {
    for (const version of ['v1', 'v1beta1']) {
      const path = `/apis/networking.k8s.io/${version}/servicecidrs`;
      const ranges = await this.listUnless<KubeObject & { spec?: { cidrs?: string[] } }>([403, 404], path);
      const cidrs = ranges?.find(({ metadata }) => metadata.name === 'kubernetes')?.spec?.cidrs ?? [];
      if (cidrs.length > 0) return cidrs.map((cidr) => (cidr.includes(':') ? 'IPv6' : 'IPv4'));
    }
    const query = { fieldSelector: 'metadata.name=kubernetes' };
    const own = await this.listUnless<ServiceObject>([403, 404], `/api/v1${within('default')}/services`, query);
    return own?.[0]?.spec?.ipFamilies?.[0] === 'IPv6' ? ['IPv6', 'IPv4'] : ['IPv4', 'IPv6'];
  }

  private listIfServed<T>(path: string): Promise<T[] | undefined> {
    return this.listUnless<T>([404], path);
  }

  /** @returns undefined: the API server answered with one of the statuses */
  private async listUnless<T>(
    statuses: readonly number[],
    path: string,
    query: Readonly<Record<string, string>> = {},
  ): Promise<T[] | undefined> {
    try {
      return await this.list<T>(path, query);
    } catch (error) {
      if (error instanceof LbError && statuses.some((status) => isStatus(error.cause, status))) return undefined;
      throw error;
    }
  }

  private async list<T>(path: string, query: Readonly<Record<string, string>> = {}): Promise<T[]> {
    const items: T[] = [];
    let next: string | undefined;
    do {
      const more = next === undefined ? {} : { continue: next };
      const page = await this.page<T>(path, { ...query, limit: `${PAGE}`, ...more });
      for (const item of page.items ?? []) items.push(item);
      next = page.metadata?.continue || undefined;
    } while (next !== undefined);
    return items;
  }

  private async page<T>(path: string, query: Readonly<Record<string, string>>): Promise<Page<T>> {
    try {
      return await this.client.request<Page<T>>({ method: 'GET', path, query });
    } catch (cause) {
      if (cause instanceof ApiError) throw this.refused(path, cause);
      const what = `no answer from ${this.server}: ${reasonOf(cause)}`;
      const remedy =
        'See that the API server runs and that this machine reaches it; kubectl get --raw /readyz asks the same.';
      throw new LbError('LB_API_UNREACHABLE', what, remedy, { cause });
    }
  }

  private refused(path: string, cause: ApiError): LbError {
    const what = cause.message.slice(cause.message.indexOf(': ') + 2);
    return new LbError('LB_API_REFUSED', `${this.server} refused to list ${path}: ${what}`, remedyFor(cause.status), {
      cause,
    });
  }
}

function within(namespace: string | undefined): string {
  return namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
}

function remedyFor(status: number): string {
  if (status === 401) return "Renew the kubeconfig's credentials.";
  if (status === 403)
    return 'It needs the verb list on services, on poolservices.network.openyurt.io, and on nodepools.apps.openyurt.io.';
  if (status === 410) return 'The list changed while it was read: run it again.';
  return 'Run it again; if that does not help, see what the API server logs.';
}

/** `ECONNREFUSED`, or in words. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ECONNREFUSED' ? 'nothing listens there' : (code ?? error.message);
}
