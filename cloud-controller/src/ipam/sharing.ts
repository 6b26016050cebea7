import { type PortKey, quote, type Served } from '@openyurt/nodepool-types';

/** A Service as the address book knows it; a LoadBalancerRequest is one. */
export interface Holder extends Served {
  /** `namespace/name` */
  readonly key: string;
  readonly uid: string;
  readonly ports: readonly PortKey[];
  readonly sharingKey: string | undefined;
  readonly externalTrafficPolicy: 'Cluster' | 'Local';
  /** `spec.selector` in canonical text. */
  readonly podSelector: string;
}

export type Refusal =
  | { readonly reason: 'AddressInUse'; readonly holder: string }
  | { readonly reason: 'SharingRefused'; readonly holder: string; readonly why: string }
  | { readonly reason: 'PortInUse'; readonly holder: string; readonly port: PortKey }
  /** It was `holder`'s until lately. */
  | { readonly reason: 'AddressResting'; readonly holder: string }
  | { readonly reason: 'NodeAddress' };

/**
 * Whether two Services may hold one address in one NodePool, ports aside: both carry the same sharing key, and traffic
 * for both goes to the same nodes (policy Cluster, or Local with the same selector).
 */
export function sharingRefusal(asking: Holder, holding: Holder): Refusal | undefined {
  const refuse = (why: string): Refusal => ({ reason: 'SharingRefused', holder: holding.key, why });
  if (asking.sharingKey === undefined) return { reason: 'AddressInUse', holder: holding.key };
  if (holding.sharingKey === undefined) return refuse('it has no sharing key');
  if (holding.sharingKey !== asking.sharingKey) return refuse(`its sharing key is ${quote(holding.sharingKey)}`);
  if (holding.externalTrafficPolicy !== asking.externalTrafficPolicy) {
    return refuse(`its externalTrafficPolicy is ${holding.externalTrafficPolicy}`);
  }
  if (asking.externalTrafficPolicy === 'Local' && holding.podSelector !== asking.podSelector) {
    return refuse('both have externalTrafficPolicy Local and their selectors differ');
  }
  return undefined;
}

/** One number per protocol and port, for maps. */
export function portNumber({ protocol, port }: PortKey): number {
  return (protocol === 'TCP' ? 0 : protocol === 'UDP' ? 1 : 2) * 65_536 + port;
}

/** Whether the facts that decide about sharing and collisions are the same. */
export function sameHolder(a: Holder, b: Holder): boolean {
  return (
    a.uid === b.uid &&
    a.sharingKey === b.sharingKey &&
    a.externalTrafficPolicy === b.externalTrafficPolicy &&
    a.podSelector === b.podSelector &&
    a.ports.length === b.ports.length &&
    a.ports.every((port, at) => {
      const other = b.ports[at];
      return other !== undefined && other.port === port.port && other.protocol === port.protocol;
    })
  );
}

export function hasPort({ ports }: Holder, { protocol, port }: PortKey): boolean {
  return ports.some((other) => other.port === port && other.protocol === protocol);
}
