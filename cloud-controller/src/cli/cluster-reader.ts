import { LbError, type NodePoolObject, type PoolServiceObject, type ServiceObject } from '@openyurt/nodepool-types';
import { ApiError, isStatus } from '../kube/api-error.ts';
import { ApiClient } from '../kube/client.ts';
import { Credentials } from '../kube/credentials.ts';

const PAGE = 500;
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

/** Reads a cluster page by page. Writes nothing. */
export class ClusterReader implements ClusterLists {
  private constructor(
    private readonly client: ApiClient,
    private readonly server: string,
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
    const path = `/apis/network.openyurt.io/v1alpha1${within(namespace)}/poolservices`;
    return (await this.listIfServed<PoolServiceObject>(path)) ?? [];
  }

  private async listIfServed<T>(path: string): Promise<T[] | undefined> {
    try {
      return await this.list<T>(path);
    } catch (error) {
      if (error instanceof LbError && isStatus(error.cause, 404)) return undefined;
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
