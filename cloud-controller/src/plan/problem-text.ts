import {
  ADDRESS_POOL_ANNOTATION,
  type AddressPool,
  type ControllerWarning,
  formatIpAddress,
  type IpAddress,
  type IpFamily,
  NODE_POOL_LABEL,
  quote,
  tryParseIpAddress,
} from '@openyurt/nodepool-types';
import type { NoAddress } from '../ipam/allocate.ts';
import type { Refusal } from '../ipam/sharing.ts';
import { poolSize } from '../ipam/site-ranges.ts';

const MAX_NAMES = 5;

/** Why one NodePool can't be served as asked; for a Warning Event and the condition. */
export interface SiteProblem {
  /** undefined: it concerns the whole Service. */
  readonly nodePool: string | undefined;
  readonly reason: ControllerWarning;
  /** What happened and what to do, in full. */
  readonly message: string;
  /** true: only said; the NodePool is served all the same. */
  readonly advisory?: boolean;
  /** true: for an Event alone, because it is over when it is told. */
  readonly isOver?: boolean;
  /** What must come free before it can be solved: this address, or any of the family. Absent: that would not help. */
  readonly comesFree?: IpAddress | IpFamily;
  /** The only address pool of which one would do; absent: that which the Service names, or any. */
  readonly within?: string;
  /** One of the family does only together with one of the other family, of the same address pool. */
  readonly both?: boolean;
}

export type SiteRefusal =
  | Refusal
  | NoAddress
  | { readonly reason: 'AddressNotInPool' }
  /** `other`: where the Service's address of the other family lies; `named`: the pool that it asks for. */
  | { readonly reason: 'AddressPoolDiffers'; readonly pool: string; readonly other: string }
  | { readonly reason: 'AddressPoolDiffers'; readonly pool: string; readonly named: string }
  | { readonly reason: 'ConfigRefused' };

/**
 * The text of a refusal: names the NodePool, what is free, and the fix. Free of anything that changes by itself.
 *
 * @param isLost the Service had the address until something about it, or a partner, changed
 */
export function siteProblem(
  nodePool: string,
  family: IpFamily,
  refusal: SiteRefusal,
  address: IpAddress | undefined,
  isLost = false,
): SiteProblem {
  const named = address === undefined ? 'the address' : `${formatIpAddress(address)}${isLost ? LOST : ''}`;
  const [what, remedy] = sayRefusal(nodePool, family, refusal, named);
  const comesFree = awaited(family, refusal, address);
  const problem = { nodePool, reason: refusal.reason, message: `NodePool ${nodePool}: ${what}. ${remedy}` };
  return comesFree === undefined ? problem : { ...problem, comesFree };
}

function awaited(family: IpFamily, { reason }: SiteRefusal, address: IpAddress | undefined) {
  if (reason === 'PoolExhausted') return family;
  return ABOUT_HOLDERS.includes(reason) ? address : undefined;
}

/** Reasons that end with somebody's hold of the address. */
const ABOUT_HOLDERS: readonly SiteRefusal['reason'][] = [
  ...(['AddressInUse', 'SharingRefused', 'PortInUse', 'NodeAddress', 'AddressResting'] as const),
];

const LOST = ', which it had,';
const LOST_ADDRESS = new RegExp(`NodePool (\\S+): (?:(?:TCP|UDP|SCTP) port \\d+ of )?(\\S+)${LOST} `, 'g');

/** The addresses of which a condition's message says that the Service had them, by NodePool. */
export function readLost(message: string): Map<string, IpAddress[]> {
  const found = new Map<string, IpAddress[]>();
  for (const [, nodePool = '', text = ''] of message.matchAll(LOST_ADDRESS)) {
    const address = tryParseIpAddress(text);
    if (address !== undefined) found.set(nodePool, [...(found.get(nodePool) ?? []), address]);
  }
  return found;
}

function sayRefusal(nodePool: string, family: IpFamily, refusal: SiteRefusal, address: string): [string, string] {
  switch (refusal.reason) {
    case 'PoolExhausted':
      return sayExhausted(family, refusal);
    case 'NoAddressOfFamily':
      if (refusal.both) {
        return [
          `no address pool has both an IPv4 and an IPv6 range (${some(refusal.pools)})`,
          'Both addresses of a Service come from one pool: add the missing range to one, or change ipFamilyPolicy to PreferDualStack.',
        ];
      }
      return [
        `no ${family} range in ${list(refusal.pools)}`,
        `Add an ${family} range to its ConfigMap, name a pool that has one in ${ADDRESS_POOL_ANNOTATION}, or leave ${family} out of the Service's ipFamilies.`,
      ];
    case 'AddressPoolDiffers':
      if ('named' in refusal) {
        return [
          `${address} is in address pool ${quote(refusal.pool)}, and the Service asks for ${quote(refusal.named)}`,
          'Ask for an address of that pool, or for the address or the pool alone.',
        ];
      }
      return [
        `${address} is in address pool ${quote(refusal.pool)}, the Service's other address in ${quote(refusal.other)}`,
        'Both addresses of a Service come from one pool: ask for two of the same one.',
      ];
    case 'NoSuchPool':
      return [
        `no address pool ${quote(refusal.pool)}; it has ${refusal.pools.length > 0 ? some(refusal.pools) : 'none'}`,
        `Name one of them in the annotation ${ADDRESS_POOL_ANNOTATION}, or add the pool to its ConfigMap.`,
      ];
    case 'NoAutoAssign':
      return [
        `every address pool (${some(refusal.pools)}) has auto-assign: false`,
        `Name a pool in the annotation ${ADDRESS_POOL_ANNOTATION}, or set auto-assign: true.`,
      ];
    case 'PoolNotForService':
      return [
        `${list(refusal.pools)} ${refusal.pools.length === 1 ? 'serves' : 'serve'} other Services only`,
        "Ask for another pool, or change the Service's labels, or namespaces and service-selectors in the ConfigMap.",
      ];
    case 'AddressResting':
      return [
        `${address} rests: Service ${refusal.holder} gave it back less than --release-cooldown ago`,
        'It is given when it has rested; or ask for another one.',
      ];
    case 'NoConfig':
      return [
        'it has no addresses',
        `Create a ConfigMap labelled ${NODE_POOL_LABEL}: ${nodePool} whose data.config lists them.`,
      ];
    case 'ConfigRefused':
      return [
        'its ConfigMap was refused, so nothing new is given out',
        "Correct it: the ConfigMap's Event names the line.",
      ];
    case 'AddressNotInPool':
      return [
        `${address} is in none of its ranges`,
        'Ask for an address inside them, add a range, or set allowOutsideRanges: true in data.site.',
      ];
    case 'AddressInUse':
      return [
        `${address} is held by Service ${refusal.holder}`,
        `Ask for another address, or give both Services the same allow-shared-ip key and different ports.`,
      ];
    case 'SharingRefused':
      return [
        `${address} can't be shared with Service ${refusal.holder}: ${refusal.why.slice(0, 160)}`,
        'Make key and externalTrafficPolicy the same (and the selector, under Local), or ask for another address.',
      ];
    case 'PortInUse':
      return [
        `${refusal.port.protocol} port ${refusal.port.port} of ${address} is held by Service ${refusal.holder}`,
        'Use another port or another address: kube-proxy on every node tells Services apart by address, protocol and port.',
      ];
    case 'NodeAddress':
      return [
        `${address} is the address of a Node`,
        "Ask for another one: kube-proxy of every site would take over that Node's port.",
      ];
  }
}

function sayExhausted(
  family: IpFamily,
  { pools, both, avoided = 0, rests }: Extract<NoAddress, { reason: 'PoolExhausted' }>,
): [string, string] {
  if (both) {
    return [
      `${names(pools)}: none has a free IPv4 and a free IPv6 address`,
      'Both addresses of a Service come from one pool: add a range to one, or delete a Service that holds one.',
    ];
  }
  const others = avoided === 0 ? '' : `; ${avoided} used by other hosts of the site`;
  const released = rests ? '; released ones rest first' : '';
  return [
    `no free ${family} address in ${names(pools)} (0 of ${total(pools, family)} free${others}${released})`,
    'Add a range to its ConfigMap, or delete a Service that holds one.',
  ];
}

function names(pools: readonly AddressPool[]): string {
  return list(pools.map((pool) => pool.name));
}

function list(pools: readonly string[]): string {
  return `address pool${pools.length === 1 ? '' : 's'} ${some(pools)}`;
}

/** A message must not grow with what somebody wrote. */
function some(names: readonly string[]): string {
  const listed = names.slice(0, MAX_NAMES).join(', ');
  return names.length > MAX_NAMES ? `${listed} and ${names.length - MAX_NAMES} more` : listed;
}

function total(pools: readonly AddressPool[], family: IpFamily): bigint {
  return pools.reduce((sum, pool) => sum + poolSize(pool, family), 0n);
}
