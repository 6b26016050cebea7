import {
  LOAD_BALANCER_SET_CONTROLLER,
  LOAD_BALANCER_SET_FINALIZER,
  type LoadBalancerIngress,
  type LoadBalancerRequest,
  POOL_SERVICE_MANAGED_BY_LABEL,
  POOL_SERVICE_POOL_LABEL,
  POOL_SERVICE_SERVICE_LABEL,
  type PoolServiceObject,
  type ServiceObject,
} from '@openyurt/nodepool-types';

export type LoadBalancerSetMode = 'auto' | 'on' | 'off';

/**
 * Whether yurt-manager's LoadBalancerSet runs. It owns the status of every Service with a class and a NodePool
 * selector: two writers would fight, so there we fill its PoolServices and never write the Service.
 */
export class LoadBalancerSet {
  #seen = false;

  constructor(private readonly mode: LoadBalancerSetMode) {}

  get runs(): boolean {
    return this.mode === 'on' || (this.mode === 'auto' && this.#seen);
  }

  /** @returns true when this object is the first sign that it runs */
  notice(object: ServiceObject | PoolServiceObject): boolean {
    const sign = object.metadata.finalizers?.includes(LOAD_BALANCER_SET_FINALIZER) || isManaged(object);
    if (this.#seen || sign !== true) return false;
    this.#seen = true;
    return this.mode === 'auto';
  }

  /** Whether the status of this Service is its business. It needs a class; `--classless` ones are always ours. */
  owns(service: ServiceObject, request: LoadBalancerRequest): boolean {
    const selects =
      request.nodePoolSelector !== undefined || request.problems.some(({ reason }) => reason === 'BadSelector');
    return this.runs && service.spec?.loadBalancerClass !== undefined && selects;
  }
}

export function isManaged({ metadata }: PoolServiceObject): boolean {
  return metadata.labels?.[POOL_SERVICE_MANAGED_BY_LABEL] === LOAD_BALANCER_SET_CONTROLLER;
}

/** `namespace/name` of the Service a PoolService is for: from its labels, never from its name. */
export function serviceOfPoolService({ metadata }: PoolServiceObject): string | undefined {
  const name = metadata.labels?.[POOL_SERVICE_SERVICE_LABEL];
  return name === undefined ? undefined : `${metadata.namespace ?? ''}/${name}`;
}

export function nodePoolOfPoolService({ metadata }: PoolServiceObject): string | undefined {
  return metadata.labels?.[POOL_SERVICE_POOL_LABEL];
}

/** The request as its PoolServices record it: their entries stand for the Service's, each under its NodePool. */
export function withPoolServices(
  request: LoadBalancerRequest,
  poolServices: readonly PoolServiceObject[],
): LoadBalancerRequest {
  const ingress: LoadBalancerIngress[] = poolServices.flatMap((poolService) => {
    const hostname = nodePoolOfPoolService(poolService);
    if (hostname === undefined) return [];
    return (poolService.status?.loadBalancer?.ingress ?? []).map((entry) => ({ ...entry, hostname }));
  });
  const known = new Set(ingress.map(({ hostname }) => hostname));
  const older = request.ingress.filter(({ hostname }) => hostname !== undefined && !known.has(hostname));
  return { ...request, ingress: [...ingress, ...older] };
}
