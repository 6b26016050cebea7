import type { KubeObject } from '@openyurt/nodepool-types';
import { parseAllDocuments } from 'yaml';
import type { SiteNode } from '../../netns/plan.ts';

export const METALLB_NAMESPACE = 'metallb-system';
export const METALLB_CLASS = 'bench.example/metallb';

const INSTALLED = new Set([
  'Namespace',
  'CustomResourceDefinition',
  'ServiceAccount',
  'Role',
  'RoleBinding',
  'ClusterRole',
  'ClusterRoleBinding',
]);

/** What of MetalLB's own manifest a speaker needs; no webhooks, since nothing serves them here. */
export function installation(manifest: string): KubeObject[] {
  const all = parseAllDocuments(manifest).map((document) => document.toJS() as KubeObject & { spec?: object });
  return all
    .filter(({ kind = '' }) => INSTALLED.has(kind))
    .map(({ spec, ...object }) => {
      if (object.kind !== 'CustomResourceDefinition') return { ...object, ...(spec === undefined ? {} : { spec }) };
      return { ...object, spec: { ...spec, conversion: { strategy: 'None' } } };
    });
}

/** The pool with these addresses or ranges (`10.0.0.0/16`), announced by ARP from every node. */
export function addressPool(addresses: readonly string[]): KubeObject[] {
  const metadata = { name: 'bench', namespace: METALLB_NAMESPACE };
  return [
    {
      apiVersion: 'metallb.io/v1beta1',
      kind: 'IPAddressPool',
      metadata,
      spec: { addresses: addresses.map((ip) => (ip.includes('/') ? ip : `${ip}/32`)) },
    } as KubeObject,
    { apiVersion: 'metallb.io/v1beta1', kind: 'L2Advertisement', metadata, spec: {} } as KubeObject,
  ];
}

export const podName = (node: string): string => `speaker-${node}`;

/** The speaker looks for its own Pod, and for the others' addresses by their Pods. */
export function speakerPods(nodes: readonly SiteNode[]): KubeObject[] {
  return nodes.map(({ name, lanIp }) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: podName(name),
      namespace: METALLB_NAMESPACE,
      labels: { app: 'metallb', component: 'speaker' },
    },
    spec: { nodeName: name, hostNetwork: true, containers: [{ name: 'speaker', image: 'speaker' }] },
    status: { phase: 'Running', podIP: lanIp, podIPs: [{ ip: lanIp }], hostIP: lanIp, hostIPs: [{ ip: lanIp }] },
  }));
}

/** A Service as MetalLB's controller leaves it: with its address in status. */
export function metalLbService(name: string, ip: string, nodes: readonly SiteNode[]): KubeObject[] {
  const namespace = 'default';
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: {
      type: 'LoadBalancer',
      loadBalancerClass: METALLB_CLASS,
      ports: [{ name: 'main', port: 80, targetPort: 8080, protocol: 'TCP' }],
    },
    status: { loadBalancer: { ingress: [{ ip, ipMode: 'VIP' }] } },
  };
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-1`, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: nodes.map(({ name: nodeName }, i) => ({
      addresses: [`10.244.${i + 1}.2`],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName,
    })),
    ports: [{ name: 'main', port: 8080, protocol: 'TCP' }],
  };
  return [service, slice];
}
