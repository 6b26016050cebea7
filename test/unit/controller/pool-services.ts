import type { PoolServiceObject, ServiceObject } from '@openyurt/nodepool-types';
import { service } from './world.ts';

export const SELECTOR = 'service.openyurt.io/nodepool-labelselector';
export const FINALIZER = 'poolservice.openyurt.io/resources';

/** The Service `web`, which selects NodePools by `tier`. */
export const selecting = service({ annotations: { [SELECTOR]: 'tier' } });
/** The same with LoadBalancerSet's finalizer. */
export const managed: ServiceObject = {
  ...selecting,
  metadata: { ...selecting.metadata, finalizers: [FINALIZER] },
};

/** As LoadBalancerSet makes it for a Service of the namespace `default`. */
export function poolService(nodePool: string, more: Partial<PoolServiceObject> = {}, of = 'web'): PoolServiceObject {
  const labels = {
    'openyurt.io/service-name': of,
    'openyurt.io/pool-name': nodePool,
    'poolservice.openyurt.io/managed-by': 'load-balancer-set-controller',
  };
  const metadata = { name: `${of}-${nodePool}`, namespace: 'default', uid: `ps-${of}`, resourceVersion: '1', labels };
  return {
    kind: 'PoolService',
    spec: { loadBalancerClass: 'service.openyurt.io/vip' },
    ...more,
    metadata: { ...metadata, ...more.metadata },
  };
}
