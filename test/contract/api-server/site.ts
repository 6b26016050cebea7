import type { Client, Json } from './client.ts';

/** What the rows of the suite share: a client and a namespace of their own. */
export interface Site {
  client: Client;
  namespace: string;
  /** path of a kubeconfig for kubectl */
  kubeconfig: string;
  /** `/api/v1/namespaces/<namespace>/<plural>` */
  core(plural: string): string;
  /** a path in a group: `/apis/<group>/namespaces/<namespace>/<plural>` */
  apis(groupVersion: string, plural: string): string;
}

export type SiteOf = () => Site;

export const service = (name: string, spec: Json = {}, metadata: Json = {}): Json => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, ...metadata },
  spec: { ports: [{ port: 80 }], ...spec },
});

export const balancer = (name: string, spec: Json = {}, metadata: Json = {}): Json =>
  service(name, { type: 'LoadBalancer', loadBalancerClass: 'service.openyurt.io/vip', ...spec }, metadata);

export const configMap = (name: string, labels: Json = {}, data: Json = { a: '1' }): Json => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels },
  data,
});
