import type { Announcement } from './announcement.ts';
import { decodeTrafficPolicy, serviceKey, serviceOwnership } from './decode-service.ts';
import { type HiddenService, hiddenAtEdge } from './edge-visibility.ts';
import { compareIp, formatIpAddress, type IpAddress, tryParseIpAddress } from './ip-address.ts';
import type { KubeObject, LoadBalancerIngress, PoolServiceObject, ServiceObject } from './kube-objects.ts';
import {
  LOAD_BALANCER_CLASS,
  LOAD_BALANCER_SET_CONTROLLER,
  POOL_SERVICE_MANAGED_BY_LABEL,
  POOL_SERVICE_POOL_LABEL,
  POOL_SERVICE_SERVICE_LABEL,
} from './names.ts';

/** What one Service has a NodePool announce. */
export interface DecodedAnnouncements {
  /** By address, IPv4 first; empty where the Service is not ours or `hidden` says why. */
  readonly announcements: readonly Announcement[];
  /** Set where addresses stand in the status but the NodePool's kube-proxy does not see the Service. */
  readonly hidden?: HiddenService;
}

/**
 * The addresses a NodePool's speakers answer for, from the Service's own status: entries whose `hostname` is the NodePool.
 *
 * This is the one source a speaker needs, also under yurt-manager's LoadBalancerSet: that controller copies each
 * PoolService's ingress entries into the Service, hostname included, and YurtHub serves Services from memory while a
 * PoolService must come from its disk cache. Services without a class count too: no other writer puts a NodePool's name
 * there, so controller and speakers need not agree on `--classless`.
 */
export function decodeAnnouncements(service: ServiceObject, nodePool: string): DecodedAnnouncements {
  if (serviceOwnership(service, { classless: true }) !== 'ours') return { announcements: [] };
  return announce(service, service, service.status?.loadBalancer?.ingress, nodePool);
}

/**
 * The same from one PoolService, for those who see it before LoadBalancerSet has copied it (the controller, tests).
 *
 * @param service the Service that the PoolService's labels name; it holds policy and annotations
 */
export function decodePoolServiceAnnouncements(
  poolService: PoolServiceObject,
  service: ServiceObject,
  nodePool: string,
): DecodedAnnouncements {
  const labels = poolService.metadata.labels ?? {};
  const belongs =
    poolService.spec?.loadBalancerClass === LOAD_BALANCER_CLASS &&
    serviceOwnership(service, { classless: false }) === 'ours' &&
    labels[POOL_SERVICE_MANAGED_BY_LABEL] === LOAD_BALANCER_SET_CONTROLLER &&
    labels[POOL_SERVICE_SERVICE_LABEL] === service.metadata.name &&
    labels[POOL_SERVICE_POOL_LABEL] === nodePool &&
    poolService.metadata.namespace === service.metadata.namespace;
  if (!belongs) return { announcements: [] };
  return announce(poolService, service, poolService.status?.loadBalancer?.ingress, nodePool);
}

function announce(
  source: KubeObject,
  service: ServiceObject,
  ingress: readonly LoadBalancerIngress[] | undefined,
  nodePool: string,
): DecodedAnnouncements {
  const addresses = addressesOf(ingress, nodePool);
  const hidden = addresses.length > 0 ? hiddenAtEdge(service, nodePool) : undefined;
  if (hidden !== undefined) return { announcements: [], hidden };
  const serviceUid = service.metadata.uid ?? '';
  const resourceVersion = decodeResourceVersion(source);
  const externalTrafficPolicy = decodeTrafficPolicy(service);
  return {
    announcements: addresses.map((address) => ({
      address: formatIpAddress(address),
      family: address.family,
      serviceKey: serviceKey(service),
      serviceUid,
      resourceVersion,
      externalTrafficPolicy,
    })),
  };
}

function addressesOf(ingress: readonly LoadBalancerIngress[] | undefined, nodePool: string): readonly IpAddress[] {
  const addresses = new Map<string, IpAddress>();
  for (const { hostname, ip } of ingress ?? []) {
    const address = hostname === nodePool && typeof ip === 'string' ? tryParseIpAddress(ip) : undefined;
    if (address !== undefined) addresses.set(formatIpAddress(address), address);
  }
  return [...addresses.values()].sort(compareIp);
}

/** `metadata.resourceVersion` as a number; 0 where there is none (an object that no API server has seen). */
export function decodeResourceVersion(object: KubeObject): bigint {
  const text: unknown = object.metadata.resourceVersion;
  return typeof text === 'string' && /^\d{1,20}$/.test(text) ? BigInt(text) : 0n;
}
