import { LOAD_BALANCER_CLASS, NODE_POOL_LABEL, type ServiceObject, SYSTEM_NAMESPACE } from '@openyurt/nodepool-types';

/** Objects as a person has them in Git. */
export function nodePool(name: string, labels: Record<string, string> = {}) {
  return {
    apiVersion: 'apps.openyurt.io/v1beta2',
    kind: 'NodePool',
    metadata: { name, labels },
    spec: { type: 'Edge' },
  };
}

export function configMap(name: string, config: string, annotations: Record<string, string> = {}) {
  const labels = { [NODE_POOL_LABEL]: name };
  return {
    ...{ apiVersion: 'v1', kind: 'ConfigMap' },
    metadata: { name, namespace: SYSTEM_NAMESPACE, labels, annotations },
    data: { config },
  };
}

type Spec = { [K in keyof NonNullable<ServiceObject['spec']>]?: NonNullable<ServiceObject['spec']>[K] | undefined };

/** @param key `namespace/name` */
export function service(key: string, annotations: Record<string, string> = {}, spec: Spec = {}) {
  const [namespace = '', name = ''] = key.split('/');
  const whole = { type: 'LoadBalancer', loadBalancerClass: LOAD_BALANCER_CLASS, ports: [{ port: 80 }], ...spec };
  const written = Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== undefined));
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace, annotations }, spec: written };
}
