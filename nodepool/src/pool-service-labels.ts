import type { PoolServiceObject } from './kube-objects.ts';
import {
  LOAD_BALANCER_SET_CONTROLLER,
  POOL_SERVICE_MANAGED_BY_LABEL,
  POOL_SERVICE_POOL_LABEL,
  POOL_SERVICE_SERVICE_LABEL,
} from './names.ts';

/** `namespace/name` of the Service a PoolService is for: from its labels, never from its name. */
export function serviceOfPoolService({ metadata }: PoolServiceObject): string | undefined {
  const name = metadata.labels?.[POOL_SERVICE_SERVICE_LABEL];
  return name === undefined ? undefined : `${metadata.namespace ?? ''}/${name}`;
}

export function nodePoolOfPoolService({ metadata }: PoolServiceObject): string | undefined {
  return metadata.labels?.[POOL_SERVICE_POOL_LABEL];
}

/** Whether yurt-manager's LoadBalancerSet keeps it; others may make PoolServices of their own. */
export function isManagedPoolService({ metadata }: PoolServiceObject): boolean {
  return metadata.labels?.[POOL_SERVICE_MANAGED_BY_LABEL] === LOAD_BALANCER_SET_CONTROLLER;
}

/** `namespace/name` of the Service for which LoadBalancerSet keeps it; undefined where it is another's. */
export function managedServiceOf(poolService: PoolServiceObject): string | undefined {
  return isManagedPoolService(poolService) ? serviceOfPoolService(poolService) : undefined;
}
