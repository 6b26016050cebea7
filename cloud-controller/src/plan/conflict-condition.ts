import { ADDRESS_CONFLICT_CONDITION, formatIpAddress, type IpAddress } from '@openyurt/nodepool-types';
import type { WantedCondition } from './condition.ts';
import type { Move } from './plan-site.ts';

/**
 * What becomes of an address that a host of its site uses too. `stays`: the site announces it, or nobody of it said that it
 * refused the address to this Service. `in-use`: it was, or may have been, in use before. `moved-enough`: others were refused before it.
 */
export type ConflictVerdict = 'stays' | 'moves' | 'in-use' | 'moved-enough';

/** Who uses one of the Service's addresses besides it. */
export interface AddressConflict {
  readonly nodePool: string;
  readonly address: IpAddress;
  readonly requested: boolean;
  /** Nobody of the site announces it. */
  readonly isRefused: boolean;
  readonly byMac: string;
  readonly node: string;
  readonly link: string;
  readonly verdict: ConflictVerdict;
}

/** How many a message speaks of. */
const MAX_LISTED = 8;

/** `service.openyurt.io/AddressConflict`: True while a site reports that a host uses an address of the Service; else it is absent. */
export function conflictCondition(
  conflicts: readonly AddressConflict[],
  generation: number | undefined,
): readonly WantedCondition[] {
  if (conflicts.length === 0) return [];
  const texts = listedConflicts(conflicts).map(sayConflict);
  const rest = conflicts.length - texts.length;
  const condition: WantedCondition = {
    type: ADDRESS_CONFLICT_CONDITION,
    status: 'True',
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    reason: conflicts.some(({ isRefused }) => isRefused) ? 'RefusedBySite' : 'ContestedOnSite',
    message: [...texts, ...(rest > 0 ? [`And ${rest} more.`] : [])].join(' '),
  };
  return [condition];
}

/** Those that the condition tells one by one. */
export function listedConflicts(conflicts: readonly AddressConflict[]): readonly AddressConflict[] {
  return conflicts.slice(0, MAX_LISTED);
}

/** Free of anything that changes by itself. */
export function sayConflict(conflict: AddressConflict): string {
  const { nodePool, address, byMac, node, link } = conflict;
  const ip = formatIpAddress(address);
  const seen = `NodePool ${nodePool}: ${ip} is used by the host ${byMac}, seen by node ${node} on ${link}`;
  if (!conflict.isRefused) return `${seen}; it is announced and defended. Give that host another address.`;
  return `${seen}; it is not announced. ${remedy(conflict)}`;
}

function remedy({ requested, verdict }: AddressConflict): string {
  if (requested) return 'Take it from that host, or ask for another one.';
  switch (verdict) {
    case 'in-use':
      return 'It may be in use, so it is not exchanged unasked: take it from that host, or ask for another one.';
    case 'moved-enough':
      return 'It stays: the site refused those before it too. Find that host, or ask for an address.';
    case 'moves':
      return 'There is no other to give: take it from that host, or add a range.';
    case 'stays':
      return 'Take it from that host, or ask for another one.';
  }
}

const NOT_SERVED =
  /NodePool (\S+): (\S+) is used by the host [^;]*; it is not announced\. (It stays: the site refused|There is no other)/g;

/** Addresses of which a condition's message says that the Service has not used them, and why they were not exchanged. */
export function readNotServed(
  message: string,
): { nodePool: string; address: string; verdict: 'moves' | 'moved-enough' }[] {
  return [...message.matchAll(NOT_SERVED)].map(([, nodePool = '', address = '', why = '']) => ({
    nodePool,
    address,
    verdict: why.startsWith('It stays') ? 'moved-enough' : 'moves',
  }));
}

/** What an Event says of an exchange. */
export function sayMove(
  { nodePool, from, to }: Move,
  by: Pick<AddressConflict, 'byMac' | 'node' | 'link'> | undefined,
): string {
  const host = by === undefined ? 'another host' : `the host ${by.byMac}, seen by node ${by.node} on ${by.link}`;
  return `NodePool ${nodePool}: ${formatIpAddress(from)} is used by ${host}; ${formatIpAddress(to)} is given instead.`;
}
