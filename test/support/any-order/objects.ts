import {
  ADDRESS_POOL_ANNOTATION,
  ALLOW_RENUMBER_ANNOTATION,
  type ConfigMapObject,
  LOAD_BALANCER_CLASS,
  NODE_POOL_LABEL,
  NODE_POOL_SELECTOR_ANNOTATION,
  type NodeObject,
  type NodePoolObject,
  REQUESTED_IP_ANNOTATION_PREFIX,
  REQUESTED_IPS_ANNOTATION,
  type ServiceObject,
  SHARING_KEY_ANNOTATION,
  SYSTEM_NAMESPACE,
} from '@openyurt/nodepool-types';
import type { ConfigWish, PoolWish, ServiceWish } from './commands.ts';

// Wishes as the objects that people would apply.

export const FOREIGN_CLASS = 'example.com/other';

export function serviceObject(name: string, wish: ServiceWish): ServiceObject {
  const { namespace, type, families, policy, ports, trafficPolicy, app, gold } = wish;
  const ours = type === 'ours' ? LOAD_BALANCER_CLASS : FOREIGN_CLASS;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels: gold ? { tier: 'gold' } : {}, annotations: annotationsOf(wish) },
    spec: {
      ...(type === 'cluster'
        ? { type: 'ClusterIP' }
        : {
            type: 'LoadBalancer',
            loadBalancerClass: ours,
            allocateLoadBalancerNodePorts: false,
            externalTrafficPolicy: trafficPolicy,
          }),
      ...(type === 'ours' && wish.asks?.by === 'field' && wish.asks.ips[0] ? { loadBalancerIP: wish.asks.ips[0] } : {}),
      selector: { app },
      ipFamilies: [...families],
      ipFamilyPolicy: policy,
      ports: ports.map((text) => {
        const [port = '', protocol = ''] = text.split('/');
        return { name: `${protocol.toLowerCase()}-${port}`, port: Number(port), protocol };
      }),
    },
  };
}

function annotationsOf({ sharingKey, selector, addressPool, asks }: ServiceWish): Record<string, string> {
  const all: Record<string, string | undefined> = {
    [SHARING_KEY_ANNOTATION]: sharingKey,
    [NODE_POOL_SELECTOR_ANNOTATION]: selector,
    [ADDRESS_POOL_ANNOTATION]: addressPool,
  };
  if (asks?.by === 'site') all[REQUESTED_IP_ANNOTATION_PREFIX + asks.site] = asks.ips.join(',');
  if (asks?.by === 'sites') all[REQUESTED_IPS_ANNOTATION] = asks.ips.map((ip) => `${asks.site}=${ip}`).join(',');
  if (asks?.by === 'metallb') all['metallb.universe.tf/loadBalancerIPs'] = asks.ips.join(',');
  const set = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(set);
}

export function configObject(site: string, { pools, renumber, allowOutside }: ConfigWish): ConfigMapObject {
  const data = {
    config: `address-pools:\n${pools.map(sayPool).join('\n')}\n`,
    ...(allowOutside ? { site: 'allowOutsideRanges: true\n' } : {}),
  };
  return { ...configMap(site), data, metadata: { ...configMap(site).metadata, annotations: allow(renumber) } };
}

export function brokenConfig(site: string): ConfigMapObject {
  return {
    ...configMap(site),
    data: { config: 'address-pools: [{name: w, protocol: layer2, addresses: [10.0.0.O]}]' },
  };
}

function allow(renumber: boolean): Record<string, string> {
  return renumber ? { [ALLOW_RENUMBER_ANNOTATION]: 'true' } : {};
}

function configMap(site: string): ConfigMapObject {
  const metadata = { name: site, namespace: SYSTEM_NAMESPACE, labels: { [NODE_POOL_LABEL]: site }, annotations: {} };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata };
}

function sayPool({ name, ranges, autoAssign, avoidBuggyIps, priority, serves }: PoolWish): string {
  const lines = [
    `- name: ${name}`,
    'protocol: layer2',
    `addresses: [${ranges.map((range) => `"${range}"`).join(', ')}]`,
    ...(autoAssign ? [] : ['auto-assign: false']),
    ...(avoidBuggyIps ? ['avoid-buggy-ips: true'] : []),
    ...(priority === 0 ? [] : [`priority: ${priority}`]),
    ...(serves === 'shop' ? ['namespaces: [shop]'] : []),
    ...(serves === 'gold' ? ['service-selectors: [{match-labels: {tier: gold}}]'] : []),
  ];
  return lines.join('\n  ');
}

export function nodePoolObject(site: string, tier: boolean): NodePoolObject {
  const labels = { site, ...(tier ? { tier: '1' } : {}) };
  return {
    apiVersion: 'apps.openyurt.io/v1beta2',
    kind: 'NodePool',
    metadata: { name: site, labels },
    spec: { type: 'Edge' },
  };
}

export function nodeObject(name: string, ip: string): NodeObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    status: { addresses: [{ type: 'InternalIP', address: ip }] },
  };
}
