const OURS = 'service.openyurt.io/vip';
const SHARED = 'service.openyurt.io/allow-shared-ip';

interface Parts {
  readonly ports?: readonly number[];
  readonly protocol?: string;
  readonly isDual?: boolean;
}

export function service(
  key: string,
  annotations: Record<string, string>,
  { ports = [80], protocol = 'TCP', isDual = false }: Parts,
) {
  const [namespace, name] = key.split('/');
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
    spec: {
      type: 'LoadBalancer',
      loadBalancerClass: OURS,
      allocateLoadBalancerNodePorts: false,
      ...(isDual ? { ipFamilyPolicy: 'RequireDualStack' } : {}),
      selector: { app: name },
      ports: ports.map((port) => ({ name: `p${port}`, port, protocol })),
    },
  };
}

/** In the order in which they are first made: `bar/passing` comes between, and goes. */
export function manifests() {
  const shared = { [SHARED]: 'dns' };
  return [
    service('shop/web', {}, {}),
    service('shop/both', {}, { isDual: true }),
    service('shop/dns-tcp', shared, { ports: [53] }),
    service('shop/dns-udp', shared, { ports: [53], protocol: 'UDP' }),
    service('bar/named', { 'service.openyurt.io/loadBalancerIP-hangzhou': '10.0.0.20' }, {}),
    service('bar/last', {}, { isDual: true }),
  ];
}

/** As LoadBalancerSet makes it. */
export function poolService(name: string, nodePool: string) {
  const labels = {
    'openyurt.io/service-name': name,
    'openyurt.io/pool-name': nodePool,
    'poolservice.openyurt.io/managed-by': 'load-balancer-set-controller',
  };
  return {
    apiVersion: 'network.openyurt.io/v1alpha1',
    kind: 'PoolService',
    metadata: { name: `${name}-${nodePool}`, namespace: 'shop', labels },
    spec: { loadBalancerClass: OURS },
  };
}
