import {
  compareIp,
  decodeService,
  formatIpAddress,
  type IpAddress,
  type LoadBalancerIngress,
  managedServiceOf,
  nodePoolOfPoolService,
  type PoolServiceObject,
  type ServiceObject,
  serviceKey,
  serviceOwnership,
  tryParseIpAddress,
} from '@openyurt/nodepool-types';

/** What a Service has in one NodePool. */
export interface HeldAddresses {
  readonly nodePool: string;
  /** Canonical, IPv4 first; never empty. */
  readonly addresses: readonly string[];
  /** Whether the Service asks for just these already. */
  readonly isPinned: boolean;
}

export interface ServiceInForce {
  readonly service: ServiceObject;
  /** By NodePool name; never empty. */
  readonly held: readonly HeldAddresses[];
}

export interface InForce {
  /** By namespace and name. */
  readonly services: readonly ServiceInForce[];
  /** `namespace/name address` of entries that name no NodePool of the cluster. */
  readonly foreign: readonly string[];
}

/**
 * The addresses that Services of ours have, from their statuses. Without a class a Service is ours where an entry names a
 * NodePool: nobody else writes that. Where yurt-manager's LoadBalancerSet runs, its PoolServices are the record.
 */
export function readInForce(
  services: readonly ServiceObject[],
  poolServices: readonly PoolServiceObject[],
  nodePools: ReadonlySet<string>,
): InForce {
  const recorded = entriesOfPoolServices(poolServices);
  const found: ServiceInForce[] = [];
  const foreign: string[] = [];
  for (const service of services) {
    if (serviceOwnership(service, { classless: true }) !== 'ours') continue;
    if (service.metadata.deletionTimestamp !== undefined) continue;
    const isClassless = (service.spec?.loadBalancerClass ?? '') === '';
    const entries = recordedEntries(service, recorded.get(serviceKey(service)) ?? []);
    const held = readHeld(service, entries, nodePools);
    if (held.length > 0) found.push({ service, held });
    if (isClassless && held.length === 0) continue; // somebody else's altogether
    for (const { ip, hostname } of entries) {
      if (!nodePools.has(hostname ?? '')) foreign.push(`${serviceKey(service)} ${ip ?? hostname ?? '?'}`);
    }
  }
  return { services: found.sort((a, b) => order(serviceKey(a.service), serviceKey(b.service))), foreign };
}

/** The entries of the Service's PoolServices, each under its NodePool, and of its status those of other NodePools. */
export function recordedEntries(
  service: ServiceObject,
  ofPoolServices: readonly LoadBalancerIngress[],
): LoadBalancerIngress[] {
  const known = new Set(ofPoolServices.map(({ hostname }) => hostname));
  const own = (service.status?.loadBalancer?.ingress ?? []).filter(({ hostname }) => !known.has(hostname));
  return [...ofPoolServices, ...own];
}

/** By Service, `namespace/name`. */
export function entriesOfPoolServices(poolServices: readonly PoolServiceObject[]): Map<string, LoadBalancerIngress[]> {
  const byService = new Map<string, LoadBalancerIngress[]>();
  for (const poolService of poolServices) {
    const [key, hostname] = [managedServiceOf(poolService), nodePoolOfPoolService(poolService)];
    if (key === undefined || hostname === undefined) continue;
    const entries = (poolService.status?.loadBalancer?.ingress ?? []).map(({ ip }) => ({
      ...(ip === undefined ? {} : { ip }),
      hostname,
    }));
    byService.set(key, [...(byService.get(key) ?? []), ...entries]);
  }
  return byService;
}

function readHeld(
  service: ServiceObject,
  entries: readonly LoadBalancerIngress[],
  nodePools: ReadonlySet<string>,
): HeldAddresses[] {
  const byPool = new Map<string, Map<string, IpAddress>>();
  for (const { ip, hostname = '' } of entries) {
    const address = ip === undefined ? undefined : tryParseIpAddress(ip);
    if (address === undefined || !nodePools.has(hostname)) continue;
    const addresses = byPool.get(hostname) ?? new Map<string, IpAddress>();
    byPool.set(hostname, addresses.set(formatIpAddress(address), address));
  }
  if (byPool.size === 0) return [];
  const { requestedByPool } = decodeService(service);
  return [...byPool]
    .map(([nodePool, found]) => {
      const addresses = [...found.values()].sort(compareIp).map(formatIpAddress);
      const asked = (requestedByPool.get(nodePool) ?? []).map(formatIpAddress);
      const isPinned = asked.length === addresses.length && addresses.every((address) => asked.includes(address));
      return { nodePool, addresses, isPinned };
    })
    .sort((a, b) => order(a.nodePool, b.nodePool));
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
