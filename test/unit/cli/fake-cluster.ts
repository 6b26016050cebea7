import type {
  ConfigMapObject,
  KubeObject,
  NodeObject,
  NodePoolObject,
  PoolServiceObject,
  ServiceObject,
} from '@openyurt/nodepool-types';
import type { ClusterWorld } from '../../../cloud-controller/src/cli/cluster-reader.ts';

/** A cluster that holds these objects, as an API server lists them: its items have no kind. */
export function clusterOf(objects: readonly KubeObject[]): ClusterWorld {
  const all = <T extends KubeObject>(kind: string) =>
    objects.filter((one) => one.kind === kind).map(({ kind: _, apiVersion: __, ...object }) => object as T);
  return {
    namespace: 'shop',
    server: 'https://cloud',
    services: async () => all<ServiceObject>('Service'),
    nodePools: async () => all<NodePoolObject & KubeObject>('NodePool'),
    nodes: async () => all<NodeObject>('Node'),
    poolServices: async () => all<PoolServiceObject & KubeObject>('PoolService'),
    allPoolServices: async () => all<PoolServiceObject & KubeObject>('PoolService'),
    addressConfigMaps: async (namespace) =>
      all<ConfigMapObject>('ConfigMap').filter(({ metadata }) => metadata.namespace === namespace),
    reports: async () =>
      all<ConfigMapObject>('ConfigMap').filter(({ metadata }) => metadata.namespace === 'yurtlb-reports'),
    serviceFamilies: async () => ['IPv4', 'IPv6'],
  };
}
