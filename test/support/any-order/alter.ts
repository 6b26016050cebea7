import type { ConfigMapObject, NodePoolObject, ServiceObject } from '@openyurt/nodepool-types';
import { ALLOW_RENUMBER_ANNOTATION, LOAD_BALANCER_CLASS, SHARING_KEY_ANNOTATION } from '@openyurt/nodepool-types';
import type { Holder } from '../../../cloud-controller/src/ipam/sharing.ts';
import type { MemoryCluster } from '../../unit/controller/memory-cluster.ts';

/** Breaks one thing in the core from outside; called before and after each start of a controller. */
export type Alter = (cluster: MemoryCluster, isBegun: boolean) => void;

/** Once a controller has begun. */
export function begun(alter: (cluster: MemoryCluster) => void): Alter {
  return (cluster, isBegun) => void (isBegun && alter(cluster));
}

/** Each Service read as another one. */
export function services(change: (service: ServiceObject) => ServiceObject): Alter {
  return (cluster) => {
    cluster.services = () => [...cluster.serviceMap.values()].map(change);
    cluster.service = (key) => {
      const service = cluster.serviceMap.get(key);
      return service && change(service);
    };
  };
}

export function configs(change: (configMap: ConfigMapObject) => ConfigMapObject): Alter {
  return (cluster) => {
    const { configMaps } = Object.getPrototypeOf(cluster) as MemoryCluster;
    cluster.configMaps = (nodePool) => configMaps.call(cluster, nodePool).map(change);
  };
}

/** The first that is seen of a NodePool stays what is known of it. */
export function keeping(): Alter {
  const first = new Map<string, NodePoolObject>();
  return (cluster) => {
    cluster.nodePool = (name) => {
      const now = cluster.nodePoolMap.get(name);
      const known = now && (first.get(name) ?? now);
      if (known === undefined) first.delete(name);
      else first.set(name, known);
      return known;
    };
  };
}

export function prefersBoth({ spec, ...rest }: ServiceObject): ServiceObject {
  const both = spec?.ipFamilyPolicy === 'RequireDualStack';
  return both ? { ...rest, spec: { ...spec, ipFamilyPolicy: 'PreferDualStack' } } : { ...rest, spec: { ...spec } };
}

export function oneKey(service: ServiceObject): ServiceObject {
  const { annotations = {} } = service.metadata;
  if (annotations[SHARING_KEY_ANNOTATION] === undefined) return service;
  return {
    ...service,
    metadata: { ...service.metadata, annotations: { ...annotations, [SHARING_KEY_ANNOTATION]: 'k' } },
  };
}

export function blankForeign(service: ServiceObject): ServiceObject {
  return service.spec?.loadBalancerClass === LOAD_BALANCER_CLASS ? service : { ...service, status: {} };
}

export function renumbering({ metadata, ...rest }: ConfigMapObject): ConfigMapObject {
  return { ...rest, metadata: { ...metadata, annotations: { [ALLOW_RENUMBER_ANNOTATION]: 'true' } } };
}

export function neverRenumbering({ metadata, ...rest }: ConfigMapObject): ConfigMapObject {
  return { ...rest, metadata: { ...metadata, annotations: {} } };
}

/** Without some words of the text. */
export function without(words: RegExp): (configMap: ConfigMapObject) => ConfigMapObject {
  return ({ data = {}, ...rest }) => ({ ...rest, data: { ...data, config: (data.config ?? '').replace(words, '') } });
}

/** The decoded Service without what its ports are. */
export function portless(holder: Holder): Holder {
  return { ...holder, ports: [] };
}
