import {
  type Condition,
  type KubeObject,
  type LoadBalancerIngress,
  OUR_CONDITIONS,
  type PoolServiceObject,
  type ServiceObject,
} from '@openyurt/nodepool-types';
import type { PlanWriter, WantedStatus } from '../ports/plan-writer.ts';
import { ApiError, isStatus } from './api-error.ts';
import type { ApiClient } from './client.ts';
import type { ObjectStore } from './object-store.ts';

interface StatusHolder extends KubeObject {
  status?: { loadBalancer?: { ingress?: LoadBalancerIngress[] }; conditions?: Condition[] };
}

/** Writes status by JSON merge patch with the resourceVersion it was decided on and the whole conditions list. */
export class StatusWriter implements PlanWriter {
  /** @param mayWrite false once the Lease may be another's: then nothing is written any more */
  constructor(
    private readonly client: ApiClient,
    private readonly services: ObjectStore<ServiceObject>,
    private readonly poolServices: ObjectStore<PoolServiceObject>,
    private readonly mayWrite: () => boolean,
  ) {}

  async writeService(service: ServiceObject, wanted: WantedStatus, signal: AbortSignal): Promise<void> {
    const { namespace = '', name = '' } = service.metadata;
    const path = `/api/v1/namespaces/${namespace}/services/${name}/status`;
    this.services.wrote(await this.#patch<ServiceObject>(path, service, wanted, signal));
  }

  async writePoolService(poolService: PoolServiceObject, wanted: WantedStatus, signal: AbortSignal): Promise<void> {
    const { namespace = '', name = '' } = poolService.metadata;
    const path = `/apis/network.openyurt.io/v1alpha1/namespaces/${namespace}/poolservices/${name}/status`;
    this.poolServices.wrote(await this.#patch<PoolServiceObject>(path, poolService, wanted, signal));
  }

  async clearFormer(key: string, signal: AbortSignal): Promise<void> {
    const [namespace = '', name = ''] = key.split('/');
    const path = `/api/v1/namespaces/${namespace}/services/${name}`;
    try {
      const service = await this.client.request<ServiceObject>({ method: 'GET', path, signal });
      const conditions = service.status?.conditions ?? [];
      const ours = conditions.some(({ type }) => OUR_CONDITIONS.includes(type));
      if (service.spec?.type === 'LoadBalancer' || !ours) return;
      const ingress = service.status?.loadBalancer?.ingress ?? [];
      await this.#patch(`${path}/status`, service, { ingress, conditions: [] }, signal);
    } catch (error) {
      if (!isStatus(error, 404)) throw error;
    }
  }

  async #patch<T>(path: string, object: StatusHolder, wanted: WantedStatus, signal: AbortSignal): Promise<T> {
    if (!this.mayWrite()) throw new Error('not the leader: nothing is written');
    const { resourceVersion, uid } = object.metadata;
    const conditions = nextConditions(object.status?.conditions ?? [], wanted.conditions, new Date().toISOString());
    const loadBalancer = { ingress: wanted.ingress.length > 0 ? wanted.ingress : null };
    const body = {
      metadata: { resourceVersion, uid },
      status: { loadBalancer, conditions: conditions.length > 0 ? conditions : null },
    };
    try {
      return await this.client.request<T>({ method: 'PATCH', path, body, signal });
    } catch (error) {
      // a Service with the same name and another UID, or gone: the watch tells what to do
      if (isStatus(error, 404)) throw new ApiError(409, 'Conflict', `${path}: gone meanwhile`, undefined);
      throw error;
    }
  }
}

/** The whole list with ours in it; the time of a condition changes only with its status. */
export function nextConditions(
  now: readonly Condition[],
  wanted: WantedStatus['conditions'],
  at: string,
): readonly Condition[] {
  const time = at.replace(/\.\d+Z$/, 'Z');
  const next = now.flatMap((before): Condition[] => {
    if (!OUR_CONDITIONS.includes(before.type)) return [before];
    const one = wanted.find(({ type }) => type === before.type);
    if (one === undefined) return [];
    return [{ ...one, lastTransitionTime: before.status === one.status ? before.lastTransitionTime : time }];
  });
  const added = wanted.filter(({ type }) => !now.some((before) => before.type === type));
  return [...next, ...added.map((one): Condition => ({ ...one, lastTransitionTime: time }))];
}
