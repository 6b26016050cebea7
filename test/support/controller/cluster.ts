import {
  type Condition,
  type KubeObject,
  LOAD_BALANCER_CLASS,
  NODE_POOL_LABEL,
  type ServiceObject,
} from '@openyurt/nodepool-types';
import { isStatus } from '../../../cloud-controller/src/kube/api-error.ts';
import { ApiClient } from '../../../cloud-controller/src/kube/client.ts';
import { Credentials } from '../../../cloud-controller/src/kube/credentials.ts';
import { waitUntil } from '../kube/wait-until.ts';

/** Who writes our Events; the API server writes some of its own. */
const OURS = 'service.openyurt.io/yurtlb-controller';

export const NAMESPACE = 'yurtlb-system';

export interface ServiceOptions {
  readonly annotations?: Record<string, string>;
  readonly loadBalancerClass?: string | null;
  readonly spec?: ServiceObject['spec'];
  readonly ports?: readonly number[];
}

export interface EventSeen {
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  readonly about: string;
}

/** What an operator and users do to a cluster, and what they see of it; over either API server. */
export class Cluster {
  readonly api: ApiClient;

  constructor(readonly kubeconfig: string) {
    this.api = new ApiClient(Credentials.load(kubeconfig));
  }

  async prepare(): Promise<void> {
    await this.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  }

  async nodePool(name: string, labels: Record<string, string> = {}): Promise<void> {
    const object = {
      apiVersion: 'apps.openyurt.io/v1beta2',
      kind: 'NodePool',
      metadata: { name, labels },
      spec: { type: 'Edge' },
    };
    await this.create('/apis/apps.openyurt.io/v1beta2/nodepools', object);
  }

  /** Creates or replaces the ConfigMap of a NodePool. @param ranges flow or block YAML of the `address-pools` list */
  async addresses(nodePool: string, pools: string, annotations: Record<string, string> = {}): Promise<void> {
    const metadata = { name: nodePool, namespace: NAMESPACE, labels: { [NODE_POOL_LABEL]: nodePool }, annotations };
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { config: `address-pools: ${pools}\n` } };
    const path = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
    try {
      await this.api.request({ method: 'POST', path, body });
    } catch (error) {
      if (!isStatus(error, 409)) throw error;
      await this.api.request({ method: 'PATCH', path: `${path}/${nodePool}`, body });
    }
  }

  async range(nodePool: string, ...ranges: string[]): Promise<void> {
    await this.addresses(nodePool, `[{name: default, protocol: layer2, addresses: [${ranges.join(', ')}]}]`);
  }

  async service(name: string, options: ServiceOptions = {}): Promise<void> {
    const loadBalancerClass = options.loadBalancerClass === undefined ? LOAD_BALANCER_CLASS : options.loadBalancerClass;
    const ports = (options.ports ?? [80]).map((port) => ({ name: `p${port}`, port, protocol: 'TCP' }));
    await this.create('/api/v1/namespaces/default/services', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: 'default', annotations: options.annotations ?? {} },
      spec: {
        type: 'LoadBalancer',
        ...(loadBalancerClass === null ? {} : { loadBalancerClass }),
        allocateLoadBalancerNodePorts: false,
        selector: { app: name },
        ports,
        ...options.spec,
      },
    });
  }

  async patchService(name: string, body: unknown): Promise<void> {
    await this.api.request({ method: 'PATCH', path: `/api/v1/namespaces/default/services/${name}`, body });
  }

  async patchStatus(name: string, status: unknown): Promise<void> {
    const path = `/api/v1/namespaces/default/services/${name}/status`;
    await this.api.request({ method: 'PATCH', path, body: { status } });
  }

  async deleteService(name: string): Promise<void> {
    await this.api.request({ method: 'DELETE', path: `/api/v1/namespaces/default/services/${name}` });
  }

  async readService(name: string): Promise<ServiceObject> {
    return this.api.request({ method: 'GET', path: `/api/v1/namespaces/default/services/${name}` });
  }

  async services(): Promise<ServiceObject[]> {
    const list = await this.api.request<{ items: ServiceObject[] }>({
      method: 'GET',
      path: '/api/v1/namespaces/default/services',
    });
    return list.items;
  }

  /** `<nodepool>=<ip>` in the order of the status. */
  async ingress(name: string): Promise<string[]> {
    return ingressOf(await this.readService(name));
  }

  async condition(name: string): Promise<Condition | undefined> {
    const { status } = await this.readService(name);
    return status?.conditions?.find(({ type }) => type === 'service.openyurt.io/AddressesAllocated');
  }

  /** Of ours, about the object of that name. */
  async events(name: string): Promise<EventSeen[]> {
    return (await this.allEvents()).filter(({ about }) => about === name);
  }

  async allEvents(): Promise<EventSeen[]> {
    const { items } = await this.api.request<{
      items: (KubeObject & {
        type: string;
        reason: string;
        note: string;
        regarding: { name: string };
        reportingController?: string;
      })[];
    }>({
      method: 'GET',
      path: '/apis/events.k8s.io/v1/events',
    });
    return items
      .filter(({ reportingController }) => reportingController === OURS)
      .map(({ type, reason, note, regarding }) => ({ type, reason, note, about: regarding.name }));
  }

  /** Waits until the Service's ingress reads so. @throws Error with what it reads instead */
  async ingressBecomes(name: string, ...want: string[]): Promise<void> {
    let seen = '';
    const check = async () => {
      seen = (await this.ingress(name)).join(' ');
      return seen === want.join(' ');
    };
    await waitUntil(`ingress of ${name} is not ${want.join(' ')}`, check, { deadlineMs: 10_000, everyMs: 20 }).catch(
      (error: Error) => {
        throw new Error(`${error.message}; it is ${seen || 'empty'}`);
      },
    );
  }

  async reasonBecomes(name: string, reason: string): Promise<Condition> {
    let seen: Condition | undefined;
    const check = async () => {
      seen = await this.condition(name);
      return seen?.reason === reason;
    };
    await waitUntil(`condition of ${name} does not say ${reason}`, check, { deadlineMs: 10_000, everyMs: 20 }).catch(
      (error: Error) => {
        throw new Error(`${error.message}; it says ${JSON.stringify(seen)}`);
      },
    );
    if (seen === undefined) throw new Error('unreachable');
    return seen;
  }

  async create(path: string, body: unknown): Promise<void> {
    try {
      await this.api.request({ method: 'POST', path, body });
    } catch (error) {
      if (!isStatus(error, 409)) throw error;
    }
  }
}

export function ingressOf(service: ServiceObject): string[] {
  return (service.status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => `${hostname}=${ip}`);
}
