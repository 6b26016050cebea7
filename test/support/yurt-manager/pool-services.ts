import type { LoadBalancerIngress, PoolServiceObject } from '@openyurt/nodepool-types';
import { isStatus } from '../../../cloud-controller/src/kube/api-error.ts';
import type { ApiClient } from '../../../cloud-controller/src/kube/client.ts';
import { POOL_SERVICE_API } from './pool-service.ts';

const PATH = `/apis/${POOL_SERVICE_API}/namespaces/default/poolservices`;

/** What a person, or another load balancer, does to PoolServices of the namespace `default`. */
export class PoolServices {
  constructor(private readonly api: ApiClient) {}

  async read(name: string): Promise<PoolServiceObject | undefined> {
    try {
      return await this.api.request<PoolServiceObject>({ method: 'GET', path: `${PATH}/${name}` });
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  }

  async list(): Promise<readonly PoolServiceObject[]> {
    return (await this.api.request<{ items: PoolServiceObject[] }>({ method: 'GET', path: PATH })).items;
  }

  /** `<nodepool>=<ip>` of each entry; undefined: there is no such PoolService. */
  async ingress(name: string): Promise<string | undefined> {
    const poolService = await this.read(name);
    const entries = poolService?.status?.loadBalancer?.ingress ?? [];
    return poolService && entries.map(({ ip, hostname }) => `${hostname}=${ip}`).join(' ');
  }

  async patch(name: string, body: unknown): Promise<void> {
    await this.api.request({ method: 'PATCH', path: `${PATH}/${name}`, body });
  }

  /** @param more of the status, `aggregateToAnnotations` and the like */
  async fill(name: string, ingress: readonly LoadBalancerIngress[], more: object = {}): Promise<void> {
    const body = { status: { loadBalancer: { ingress }, ...more } };
    await this.api.request({ method: 'PATCH', path: `${PATH}/${name}/status`, body });
  }

  async delete(name: string): Promise<void> {
    await this.api.request({ method: 'DELETE', path: `${PATH}/${name}` });
  }
}
