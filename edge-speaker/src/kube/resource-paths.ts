import { NODE_POOL_LABEL } from '@openyurt/nodepool-types';
import type { ReadResource } from '../ports/announcement-feed.ts';

/** One list shape, and the User-Agent that asks for it: a YurtHub may remember one shape per agent and resource. */
export interface ListShape {
  readonly path: string;
  readonly agent: 'self' | 'speaker';
  /** The same in an older version of the API, asked for where this one is not there. */
  readonly olderPath?: string;
}

/**
 * The one list of each resource, the same from the first request on (yurthub-observed rule 7); nothing is ever got by name.
 * Services of every type are listed: those of other types are for the local API, and drop out of the view that decides.
 * NodePools and PoolServices are only shown: the own Node's label names the NodePool, and a PoolService's address stands
 * in its Service's status with the pool as hostname.
 *
 * @param nodePool undefined: this node is in none
 * @returns undefined for what is not read without a NodePool
 */
export function listShape(
  resource: ReadResource,
  nodeName: string,
  nodePool: string | undefined,
  namespace: string,
): ListShape | undefined {
  const ofPool = `labelSelector=${encodeURIComponent(`${NODE_POOL_LABEL}=${nodePool}`)}`;
  switch (resource) {
    case 'self':
      return { path: `/api/v1/nodes?fieldSelector=${encodeURIComponent(`metadata.name=${nodeName}`)}`, agent: 'self' };
    case 'nodes':
      return nodePool === undefined ? undefined : { path: `/api/v1/nodes?${ofPool}`, agent: 'speaker' };
    case 'services':
      return { path: '/api/v1/services?', agent: 'speaker' };
    case 'slices':
      return { path: '/apis/discovery.k8s.io/v1/endpointslices?', agent: 'speaker' };
    case 'configs':
      return nodePool === undefined
        ? undefined
        : { path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps?${ofPool}`, agent: 'speaker' };
    case 'nodepools':
      return {
        path: '/apis/apps.openyurt.io/v1beta2/nodepools?',
        olderPath: '/apis/apps.openyurt.io/v1beta1/nodepools?',
        agent: 'speaker',
      };
    case 'poolservices':
      return { path: '/apis/network.openyurt.io/v1alpha1/poolservices?', agent: 'speaker' };
  }
}
