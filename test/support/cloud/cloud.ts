import type { KubeObject } from '@openyurt/nodepool-types';

/** Who a program acts as. */
export type Account = 'controller' | 'speaker' | 'kube-proxy';

/** A control plane inside a site's cloud namespace: ours in one process, or the real one. The story is the same on both. */
export interface Cloud {
  readonly kind: 'sandbox' | 'kube';
  /** Where the nodes reach it. */
  readonly server: string;
  /** Path of a kubeconfig to act as that account. */
  kubeconfigFor(account: Account): Promise<string>;
  /** Creates objects, or brings those that exist in line, status included where the object carries one. */
  apply(...objects: readonly KubeObject[]): Promise<void>;
  /** @param path below the server, e.g. `/api/v1/services` */
  get<T>(path: string): Promise<T>;
  delete(path: string): Promise<void>;
  /** What `kubectl get` prints, line by line. */
  table(path: string): Promise<string[]>;
  stop(): Promise<void>;
}

/** Where an object lies: the resource names of the kinds that the tests make. */
const RESOURCES: Record<string, string> = {
  Namespace: 'namespaces',
  Node: 'nodes',
  Service: 'services',
  ConfigMap: 'configmaps',
  EndpointSlice: 'endpointslices',
  NodePool: 'nodepools',
  PoolService: 'poolservices',
  CustomResourceDefinition: 'customresourcedefinitions',
};

/** @returns the collection's path, and the object's own */
export function pathsOf(object: KubeObject): { collection: string; self: string } {
  const { apiVersion = 'v1', kind = '', metadata } = object;
  const resource = RESOURCES[kind];
  if (resource === undefined) throw new Error(`no path known for kind ${kind}`);
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const namespaced = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  const collection = `${group}${namespaced}/${resource}`;
  return { collection, self: `${collection}/${metadata.name}` };
}
