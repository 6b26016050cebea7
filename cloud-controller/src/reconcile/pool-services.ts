import {
  type LoadBalancerIngress,
  type LoadBalancerRequest,
  nodePoolOfPoolService,
  type PoolServiceObject,
  serviceOwnership,
} from '@openyurt/nodepool-types';

/** Whether its class, which is hand-edited at times and not repaired then, leaves it to us. */
export function isOurs({ spec }: PoolServiceObject): boolean {
  if (spec?.loadBalancerClass === undefined) return true;
  const asService = { metadata: {}, spec: { type: 'LoadBalancer', loadBalancerClass: spec.loadBalancerClass } };
  return serviceOwnership(asService, { classless: false }) === 'ours';
}

/** Whether it is there to be filled: ours, and not on its way out. */
export function isOpen(poolService: PoolServiceObject): boolean {
  return isOurs(poolService) && poolService.metadata.deletionTimestamp === undefined;
}

/**
 * The request as its PoolServices record it: their entries stand for the Service's, each under its NodePool. An entry that
 * says another NodePool was written when the labels said another Service: it is not this one's. What the Service has besides
 * for no NodePool is the other's to clear.
 *
 * @param isOwnFirst the Service's own entries count before theirs: it may have been written since they were
 */
export function withPoolServices(
  request: LoadBalancerRequest,
  poolServices: readonly PoolServiceObject[],
  isNodePool: (name: string) => boolean,
  isOwnFirst = false,
): LoadBalancerRequest {
  const others = new Set<string | undefined>();
  const ingress = poolServices.flatMap((poolService): LoadBalancerIngress[] => {
    const nodePool = nodePoolOfPoolService(poolService);
    if (!isOurs(poolService)) others.add(nodePool);
    if (nodePool === undefined || !isOurs(poolService)) return [];
    const entries = poolService.status?.loadBalancer?.ingress ?? [];
    return entries.flatMap((entry) =>
      (entry.hostname ?? nodePool) === nodePool ? [{ ...entry, hostname: nodePool }] : [],
    );
  });
  const own = request.ingress.filter(({ hostname = '' }) => isNodePool(hostname) && !others.has(hostname));
  if (isOwnFirst) return { ...request, ingress: [...own, ...ingress] };
  const known = new Set(ingress.map(({ hostname }) => hostname));
  return { ...request, ingress: [...ingress, ...own.filter(({ hostname }) => !known.has(hostname))] };
}
