import { LOAD_BALANCER_CLASS, NODE_POOL_LABEL, SYSTEM_NAMESPACE } from '@openyurt/nodepool-types';
import type { Seen } from './facts.ts';

const NAME = 'zz-marker';

/** One request: made if it is not there, else changed. */
export interface Put {
  /** Of the collection. */
  readonly path: string;
  readonly name: string;
  readonly object: object;
  /** What is changed by a request of its own. */
  readonly status?: object;
}

/**
 * Objects of no interest that are changed after those of a step. A controller that has brought them in line has seen all
 * that was before them: of each kind, a watch tells the changes in their order.
 *
 * @param round 1 and up: the Service gets its address only when Service, NodePool, ConfigMap and Node are of this round,
 *   for until then the address is the Node's
 */
export function marker(round: number): { readonly puts: readonly Put[]; readonly wants: string } {
  const labels = { round: `${round}` };
  const ip = addressOf(round);
  const config = `address-pools: [{name: ${NAME}, protocol: layer2, addresses: [${ip}], auto-assign: false}]`;
  const annotations = { 'service.openyurt.io/allow-renumber': 'true' };
  const service = {
    'service.openyurt.io/nodepool-labelselector': `round=${round}`,
    'service.openyurt.io/address-pool': NAME,
  };
  const puts: Put[] = [
    {
      path: '/api/v1/namespaces/default/services',
      name: NAME,
      object: {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: NAME, annotations: service },
        spec: {
          type: 'LoadBalancer',
          loadBalancerClass: LOAD_BALANCER_CLASS,
          allocateLoadBalancerNodePorts: false,
          ports: [{ port: 9 }],
        },
      },
    },
    {
      path: '/apis/apps.openyurt.io/v1beta2/nodepools',
      name: NAME,
      object: {
        apiVersion: 'apps.openyurt.io/v1beta2',
        kind: 'NodePool',
        metadata: { name: NAME, labels },
        spec: { type: 'Edge' },
      },
    },
    {
      path: `/api/v1/namespaces/${SYSTEM_NAMESPACE}/configmaps`,
      name: NAME,
      object: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: NAME, labels: { [NODE_POOL_LABEL]: NAME }, annotations },
        data: { config },
      },
    },
    {
      path: '/api/v1/nodes',
      name: NAME,
      object: { apiVersion: 'v1', kind: 'Node', metadata: { name: NAME } },
      status: { addresses: [{ type: 'InternalIP', address: addressOf(round + 1) }] },
    },
  ];
  return { puts, wants: `${NAME}=${ip}` };
}

/** Without the markers. */
export function unmarked({ services, configMaps, nodePools, nodes }: Seen): Seen {
  const other = ({ metadata }: { readonly metadata: { readonly name?: string } }) => metadata.name !== NAME;
  return {
    services: services.filter(other),
    configMaps: configMaps.filter(other),
    nodePools: nodePools.filter(other),
    nodes: nodes.filter(other),
  };
}

/** `<nodepool>=<ip>` that the marker has. */
export function marked({ services }: Seen): readonly string[] {
  const service = services.find(({ metadata }) => metadata.name === NAME);
  return (service?.status?.loadBalancer?.ingress ?? []).map(({ hostname, ip }) => `${hostname}=${ip}`);
}

function addressOf(round: number): string {
  return `10.99.${Math.floor(round / 250)}.${(round % 250) + 1}`;
}
