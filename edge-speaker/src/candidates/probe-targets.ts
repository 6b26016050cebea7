import { ENDPOINT_PROBE_ANNOTATION, type ServiceObject } from '@openyurt/nodepool-types';
import { hostnameOnly, type NodePlace } from './forwarding.ts';
import type { Candidate } from './offers.ts';

/** One TCP port of one endpoint; `node` is empty where it names none. */
export interface TcpTarget {
  readonly node: string;
  readonly ip: string;
  readonly port: number;
}

export interface ProbeWorld extends Pick<NodePlace, 'nodeName' | 'poolNodes'> {
  serviceOf(key: string): ServiceObject | undefined;
  tcpOf(serviceKey: string): Iterable<TcpTarget>;
}

/**
 * The endpoints that an offered address rests on, as a TCP connect can ask them: with policy Local those of this node, with
 * Cluster those of the NodePool, and of the address's family. None for an address with a Service that cannot be asked (no
 * TCP port, or switched off by its annotation): that Service counts as served.
 */
export function probeTargets({ address, notOffered, restsOn }: Candidate, world: ProbeWorld): readonly TcpTarget[] {
  if (notOffered !== undefined) return [];
  const byService = restsOn.map((key) => targetsOf(key, address, world));
  return byService.every((targets) => targets.length > 0) ? byService.flat() : [];
}

function targetsOf(key: string, address: string, world: ProbeWorld): TcpTarget[] {
  const service = world.serviceOf(key);
  if (service === undefined || service.metadata.annotations?.[ENDPOINT_PROBE_ANNOTATION]?.trim() === 'off') return [];
  const here = service.spec?.externalTrafficPolicy === 'Local' || hostnameOnly(service);
  const isV6 = address.includes(':');
  return [...world.tcpOf(key)].filter(({ node, ip }) => {
    if (ip.includes(':') !== isV6) return false;
    return here ? node === world.nodeName : node === '' || world.poolNodes.has(node);
  });
}
