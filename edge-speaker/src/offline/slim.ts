import {
  type ConfigMapObject,
  DISCARD_ANNOTATION,
  type EndpointSliceObject,
  LISTEN_ANNOTATION,
  NODE_POOL_LABEL,
  type ServiceObject,
  serviceOwnership,
  TOPOLOGY_KEYS_ANNOTATION,
} from '@openyurt/nodepool-types';

/** What an EndpointSlice says, cut down to what decides who may attract traffic. */
export interface SliceFacts {
  /** `namespace/name` of the Service */
  readonly serviceKey: string;
  /** Nodes with a usable endpoint, sorted. */
  readonly nodes: readonly string[];
  /** A usable endpoint names no node (made by hand, or outside the cluster): any node may forward to it. */
  readonly anywhere: boolean;
}

/** The NodePool's ConfigMap, cut down to its texts. */
export interface ConfigFacts {
  readonly name: string;
  /** Of two ConfigMaps for one NodePool the older wins. */
  readonly createdMs: number;
  readonly nodePool: string;
  readonly config: string | undefined;
  readonly site: string | undefined;
}

/** The annotations that decide something on the edge. */
const SERVICE_ANNOTATIONS = [DISCARD_ANNOTATION, LISTEN_ANNOTATION, TOPOLOGY_KEYS_ANNOTATION];
/** EndpointSlice label that names its Service (k8s.io/api/discovery/v1 LabelServiceName). */
export const SLICE_SERVICE_LABEL = 'kubernetes.io/service-name';

/** @returns undefined for a Service that is none of ours; else only the fields that announcing reads */
export function slimService(service: ServiceObject): ServiceObject | undefined {
  if (serviceOwnership(service, { classless: true }) !== 'ours') return undefined;
  const { metadata, spec, status } = service;
  const { name, namespace, uid, resourceVersion } = metadata;
  const annotations: Record<string, string> = {};
  for (const key of SERVICE_ANNOTATIONS) {
    const value = metadata.annotations?.[key];
    if (value !== undefined) annotations[key] = value;
  }
  const ingress = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => definedOnly({ ip, hostname }));
  return {
    metadata: { ...definedOnly({ name, namespace, uid, resourceVersion }), annotations },
    spec: definedOnly({
      type: spec?.type,
      loadBalancerClass: spec?.loadBalancerClass,
      externalTrafficPolicy: spec?.externalTrafficPolicy,
      trafficDistribution: spec?.trafficDistribution,
    }),
    status: { loadBalancer: { ingress } },
  };
}

/**
 * Usable as kube-proxy means it: ready (absent counts as ready), or still serving while it terminates.
 *
 * @returns undefined for a slice of no Service
 * @see k8s.io/api/discovery/v1 EndpointConditions
 */
export function slimSlice({ metadata, endpoints }: EndpointSliceObject): SliceFacts | undefined {
  const service = metadata.labels?.[SLICE_SERVICE_LABEL];
  if (service === undefined) return undefined;
  const nodes = new Set<string>();
  let anywhere = false;
  for (const { conditions = {}, nodeName } of endpoints ?? []) {
    const usable = (conditions.ready ?? true) || (conditions.terminating === true && conditions.serving === true);
    if (!usable) continue;
    if (nodeName === undefined) anywhere = true;
    else nodes.add(nodeName);
  }
  return { serviceKey: `${metadata.namespace ?? ''}/${service}`, nodes: [...nodes].sort(), anywhere };
}

export function slimConfig({ metadata, data }: ConfigMapObject): ConfigFacts | undefined {
  const nodePool = metadata.labels?.[NODE_POOL_LABEL];
  if (nodePool === undefined) return undefined;
  const createdMs = Date.parse(metadata.creationTimestamp ?? '') || 0;
  return { name: metadata.name ?? '', createdMs, nodePool, config: data?.config, site: data?.site };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the keys whose value is undefined, so that equal facts are equal texts. */
function definedOnly<T extends Record<string, unknown>>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
