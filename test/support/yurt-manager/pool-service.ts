import { isDeepStrictEqual } from 'node:util';
import type { NodePoolObject, PoolServiceObject, ServiceObject } from '@openyurt/nodepool-types';
import { CONTROLLER, MANAGED_BY, POOL_NAME, SERVICE_NAME } from './names.ts';

export const POOL_SERVICE_API = 'network.openyurt.io/v1alpha1';

/**
 * The PoolService of a Service in a NodePool: name `<service>-<nodepool>`, three labels, two owners, the class copied, no
 * finalizer (buildPoolService).
 */
export function buildPoolService(service: ServiceObject, nodePool: NodePoolObject): PoolServiceObject {
  const { name = '', namespace = '', uid = '' } = service.metadata;
  const pool = nodePool.metadata.name ?? '';
  const owner = { apiVersion: 'v1', kind: 'Service', name, uid, controller: true, blockOwnerDeletion: true };
  const poolOwner = {
    apiVersion: nodePool.apiVersion,
    kind: 'NodePool',
    name: pool,
    uid: nodePool.metadata.uid ?? '',
    blockOwnerDeletion: true,
  };
  return {
    apiVersion: POOL_SERVICE_API,
    kind: 'PoolService',
    metadata: {
      namespace,
      name: `${name}-${pool}`,
      labels: { [SERVICE_NAME]: name, [POOL_NAME]: pool, [MANAGED_BY]: CONTROLLER },
      ownerReferences: [owner, poolOwner],
    },
    spec: { loadBalancerClass: service.spec?.loadBalancerClass ?? '' },
  };
}

/** Whether the name is what its labels make: others are ignored (isValidPoolService). */
export function isNamedByLabels({ metadata: { name, labels } }: PoolServiceObject): boolean {
  return `${labels?.[SERVICE_NAME]}-${labels?.[POOL_NAME]}` === name;
}

/**
 * Labels and owners as they shall be; the class, the status and other labels stay (compareAndUpdatePoolService). This is
 * how two Services with one PoolService name take it from each other.
 *
 * @returns undefined: nothing to change
 */
export function repaired(now: PoolServiceObject, wanted: PoolServiceObject): PoolServiceObject | undefined {
  const labels = { ...now.metadata.labels, ...wanted.metadata.labels };
  const { ownerReferences = [] } = wanted.metadata;
  const same =
    isDeepStrictEqual(labels, now.metadata.labels) && isDeepStrictEqual(ownerReferences, now.metadata.ownerReferences);
  return same ? undefined : { ...now, metadata: { ...now.metadata, labels, ownerReferences } };
}
