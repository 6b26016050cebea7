import {
  ADDRESSES_ALLOCATED_CONDITION,
  type Condition,
  formatIpAddress,
  type IpAddress,
  type LoadBalancerIngress,
  type LoadBalancerRequest,
  type ServiceObject,
  tryParseIpAddress,
} from '@openyurt/nodepool-types';
import { type AddressBook, FOREIGN, sameAddress } from '../ipam/address-book.ts';
import type { Refusal } from '../ipam/sharing.ts';
import { readGiven } from './condition.ts';
import { readLost } from './problem-text.ts';
import type { PlanWorld } from './select-pools.ts';

/** An ingress entry that names one of our NodePools. */
export interface RecordedEntry {
  readonly nodePool: string;
  readonly address: IpAddress;
}

/** The entries of a status, told apart: ours by NodePool, and those that are somebody else's. */
export function readIngress(
  ingress: readonly LoadBalancerIngress[],
  isNodePool: (name: string) => boolean,
): { ours: RecordedEntry[]; foreign: LoadBalancerIngress[] } {
  const ours: RecordedEntry[] = [];
  const foreign: LoadBalancerIngress[] = [];
  for (const entry of ingress) {
    const nodePool = entry.hostname;
    if (nodePool === undefined || nodePool === '' || !isNodePool(nodePool)) {
      foreign.push(entry);
      continue;
    }
    const address = entry.ip === undefined ? undefined : tryParseIpAddress(entry.ip);
    if (address !== undefined) ours.push({ nodePool, address });
  }
  return { ours, foreign };
}

/**
 * The NodePools that a status names beside our condition, which was written with it: ours come first and it says how many
 * they are. So the address of a NodePool that went while no controller ran is known to be ours, and given back.
 */
export function writtenNodePools({ status }: ServiceObject): readonly string[] {
  const said = status?.conditions?.find(({ type }) => type === ADDRESSES_ALLOCATED_CONDITION)?.message ?? '';
  const ours = (status?.loadBalancer?.ingress ?? []).slice(0, readGiven(said));
  return ours.flatMap(({ ip, hostname, ipMode }) => (ip && hostname && ipMode === 'VIP' ? [hostname] : []));
}

/**
 * Takes over the addresses that a status records, where the book knows of none for that NodePool and family.
 *
 * @returns the entries that another Service holds by now
 */
export function adoptRecorded(
  request: LoadBalancerRequest,
  entries: readonly RecordedEntry[],
  book: AddressBook,
): { entry: RecordedEntry; refusal: Refusal }[] {
  const refused: { entry: RecordedEntry; refusal: Refusal }[] = [];
  for (const entry of entries) {
    const known = book
      .holdings(request.key)
      .some((held) => held.nodePool === entry.nodePool && held.address.family === entry.address.family);
    const refusal = known ? undefined : book.take(entry.nodePool, entry.address, request, asksThere(request, entry));
    if (refusal !== undefined) refused.push({ entry, refusal });
  }
  return refused;
}

/**
 * What a Service lost to a change of ports, sharing key or policy and waits for, read back from the conditions that said
 * so: after a restart too it gets no other address unasked. An address it asks for by name is waited for anyway.
 */
export function readEvicted(
  request: LoadBalancerRequest,
  conditions: readonly Condition[],
): ReadonlyMap<string, readonly IpAddress[]> {
  const evicted = new Map<string, readonly IpAddress[]>();
  for (const { type, message } of conditions) {
    if (type !== ADDRESSES_ALLOCATED_CONDITION) continue;
    for (const [nodePool, addresses] of readLost(message)) {
      const lost = addresses.filter((address) => !isRequested(request, { nodePool, address }));
      if (lost.length > 0) evicted.set(nodePool, lost);
    }
  }
  return evicted;
}

/** `service.openyurt.io/adopt`: gives foreign entries to the NodePools whose ranges hold them; returns what is left. */
export function adoptForeign(
  request: LoadBalancerRequest,
  foreign: readonly LoadBalancerIngress[],
  nodePools: readonly string[],
  { book }: PlanWorld,
): LoadBalancerIngress[] {
  return foreign.filter((entry) => {
    const address = entry.ip === undefined ? undefined : tryParseIpAddress(entry.ip);
    if (address === undefined) return true;
    const has = book
      .holdings(request.key)
      .some((held) => held.nodePool !== FOREIGN && sameAddress(held.address, address));
    if (has) return false; // asked for by name, it is the Service's already
    const home = nodePools.find(
      (name) =>
        book.site(name).ranges?.poolOf(address) !== undefined &&
        !book.holdings(request.key).some((held) => held.nodePool === name && held.address.family === address.family),
    );
    return home === undefined || book.take(home, address, request) !== undefined;
  });
}

/** Notes addresses that others gave to a Service: kube-proxy knows them, so their ports are taken in the whole cluster. */
export function noteForeign(
  request: LoadBalancerRequest,
  foreign: readonly LoadBalancerIngress[],
  book: AddressBook,
): void {
  const addresses = foreign.map(({ ip }) => (ip === undefined ? undefined : tryParseIpAddress(ip)));
  for (const { nodePool, address } of [...book.holdings(request.key)]) {
    const still = addresses.some((other) => other !== undefined && sameAddress(other, address));
    if (nodePool === FOREIGN && !still) book.release(request.key, FOREIGN, address);
  }
  for (const address of addresses) if (address !== undefined) book.take(FOREIGN, address, request);
}

/**
 * Whether the Service asks for an address of that family there, this one or another: what it has stays until it has that,
 * so it is not for a configuration to take, even outside the ranges where that is allowed.
 */
function asksThere(request: LoadBalancerRequest, { nodePool, address }: RecordedEntry): boolean {
  const asked = [...(request.requestedByPool.get(nodePool) ?? []), ...request.requestedAnywhere];
  return asked.some(({ family }) => family === address.family);
}

function isRequested(request: LoadBalancerRequest, { nodePool, address }: RecordedEntry): boolean {
  const asked = [...(request.requestedByPool.get(nodePool) ?? []), ...request.requestedAnywhere];
  return asked.some((other) => sameAddress(other, address));
}

/** One entry of a Service's status as we write it. */
export function ingressEntry(nodePool: string, address: IpAddress): LoadBalancerIngress {
  return { ip: formatIpAddress(address), hostname: nodePool, ipMode: 'VIP' };
}
