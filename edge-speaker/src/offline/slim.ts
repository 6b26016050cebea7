import {
  type ConfigMapObject,
  canonicalIp,
  DISCARD_ANNOTATION,
  ENDPOINT_PROBE_ANNOTATION,
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
  /** Its addresses are IPv6; absent: IPv4. kube-proxy serves each address of a Service from slices of its own family. */
  readonly v6?: true;
  /** Nodes with a usable endpoint, sorted. */
  readonly nodes: readonly string[];
  /** A usable endpoint names no node (made by hand, or outside the cluster): any node may forward to it. */
  readonly anywhere: boolean;
  /** Absent: no usable endpoint has a TCP port. */
  readonly tcp?: TcpEndpoints;
}

/** Where a slice's usable endpoints take TCP connections. */
export interface TcpEndpoints {
  /** Sorted. */
  readonly ports: readonly number[];
  /** Node (empty: it names none) and canonical address of each, sorted. */
  readonly places: readonly (readonly [node: string, ip: string])[];
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
const SERVICE_ANNOTATIONS = [
  DISCARD_ANNOTATION,
  LISTEN_ANNOTATION,
  TOPOLOGY_KEYS_ANNOTATION,
  ENDPOINT_PROBE_ANNOTATION,
];
/** TCP ports of one slice that are kept, the lowest first. */
const MOST_PORTS = 8;
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
 * @returns undefined for a slice of no Service, and of names (FQDN), which kube-proxy does not read
 * @see k8s.io/api/discovery/v1 EndpointConditions
 */
export function slimSlice({ metadata, addressType, endpoints, ports }: EndpointSliceObject): SliceFacts | undefined {
  const service = metadata.labels?.[SLICE_SERVICE_LABEL];
  if (service === undefined || addressType === 'FQDN') return undefined;
  const nodes = new Set<string>();
  const places: [string, string][] = [];
  let anywhere = false;
  for (const { conditions = {}, nodeName, addresses } of endpoints ?? []) {
    const usable = (conditions.ready ?? true) || (conditions.terminating === true && conditions.serving === true);
    if (!usable) continue;
    if (nodeName === undefined) anywhere = true;
    else nodes.add(nodeName);
    // Of several addresses kube-proxy reads the first.
    const ip = canonicalIp(addresses?.[0] ?? '');
    if (ip !== undefined) places.push([nodeName ?? '', ip]);
  }
  const tcp = tcpEndpoints(tcpPorts(ports ?? []), places);
  const family = addressType === 'IPv6' ? ({ v6: true } as const) : {};
  const facts = { serviceKey: `${metadata.namespace ?? ''}/${service}`, ...family, nodes: [...nodes].sort(), anywhere };
  return tcp === undefined ? facts : { ...facts, tcp };
}

/** @returns undefined where nothing takes connections */
export function tcpEndpoints(
  ports: Iterable<number>,
  places: readonly (readonly [node: string, ip: string])[],
): TcpEndpoints | undefined {
  const sorted = [...new Set(ports)].sort((a, b) => a - b).slice(0, MOST_PORTS);
  if (sorted.length === 0 || places.length === 0) return undefined;
  const byText = new Map(places.map((place) => [place.join(' '), place]));
  return { ports: sorted, places: [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, place]) => place) };
}

/** With the addresses of endpoints on these nodes, and on none, alone. */
export function sliceWithin(facts: SliceFacts, nodes: ReadonlySet<string>): SliceFacts {
  const here = ([node]: readonly [string, string]) => node === '' || nodes.has(node);
  const { tcp, ...without } = facts;
  if (tcp === undefined || tcp.places.every(here)) return facts; // most are; this runs for each slice whenever something changed
  const places = tcp.places.filter(here);
  return places.length === 0 ? without : { ...without, tcp: { ports: tcp.ports, places } };
}

/** An absent protocol is TCP; a port without a number stands for all ports, which a probe cannot ask. */
function* tcpPorts(ports: NonNullable<EndpointSliceObject['ports']>): IterableIterator<number> {
  for (const { port = 0, protocol = 'TCP' } of ports) if (protocol === 'TCP' && isPort(port)) yield port;
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port < 65_536;
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
