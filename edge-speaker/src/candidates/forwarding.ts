import { type ServiceObject, TOPOLOGY_KEYS_ANNOTATION } from '@openyurt/nodepool-types';

/** Where the Service has usable endpoints, as far as it counts. */
export interface EndpointPlaces {
  readonly nodes: ReadonlySet<string>;
  /** An endpoint without a node: any node may forward to it. */
  readonly anywhere: boolean;
}

export interface NodePlace {
  readonly nodeName: string;
  /** Names of the NodePool's nodes, this one included. */
  readonly poolNodes: ReadonlySet<string>;
  /** Whether the absence of endpoints is known (a complete list was adopted), and not only not known. */
  readonly endpointsKnown: boolean;
}

/**
 * `forwards`: this node's kube-proxy has somewhere to send the traffic. `unserved`: nobody in the NodePool has, which is
 * announced all the same, with a warning: a client then hears "refused" instead of nothing. The others do not offer.
 */
export type Forwarding = 'forwards' | 'unserved' | 'no-endpoint-on-this-node' | 'endpoints-not-known';

/**
 * Whether this node may attract a Service's traffic. It looks at the view alone, and the view takes endpoints away only
 * while the cloud is trusted: so the verdict of the last connected moment holds while the cloud is away.
 *
 * @see k8s.io/api/core/v1 ServiceExternalTrafficPolicy
 * @see openyurt pkg/yurthub/filter/servicetopology: kube-proxy gets only this node's endpoints under kubernetes.io/hostname
 */
export function forwarding(service: ServiceObject, places: EndpointPlaces, place: NodePlace): Forwarding {
  if (service.spec?.externalTrafficPolicy === 'Local')
    return here(places, place) ? 'forwards' : 'no-endpoint-on-this-node';
  if (inPool(places, place)) {
    return !hostnameOnly(service) || here(places, place) ? 'forwards' : 'no-endpoint-on-this-node';
  }
  return place.endpointsKnown ? 'unserved' : 'endpoints-not-known';
}

function here(places: EndpointPlaces, { nodeName }: NodePlace): boolean {
  return places.nodes.has(nodeName);
}

function inPool(places: EndpointPlaces, { poolNodes }: NodePlace): boolean {
  if (places.anywhere) return true;
  for (const node of places.nodes) if (poolNodes.has(node)) return true;
  return false;
}

/** YurtHub's filter reads the first of the comma-separated keys that it knows; there is one in practice. */
export function hostnameOnly(service: ServiceObject): boolean {
  return service.metadata.annotations?.[TOPOLOGY_KEYS_ANNOTATION]?.trim() === 'kubernetes.io/hostname';
}
