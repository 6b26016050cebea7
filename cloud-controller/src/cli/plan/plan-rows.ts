import {
  ADDRESS_CONFLICT_CONDITION,
  ADDRESSES_ALLOCATED_CONDITION,
  canonicalIp,
  compareIp,
  decodeService,
  formatIpAddress,
  type IpAddress,
  LOAD_BALANCER_CLASS,
  type LoadBalancerIngress,
  POOL_SERVICE_POOL_LABEL,
  type ServiceObject,
  serviceKey,
  serviceOwnership,
  tryParseIpAddress,
} from '@openyurt/nodepool-types';
import { sameAddress } from '../../ipam/address-book.ts';
import type { Rehearsal } from '../../rehearsal/rehearsal.ts';
import { entriesOfPoolServices, recordedEntries } from '../in-force.ts';

/** What becomes of one address, or of one that is missing. */
export type RowState = 'has' | 'keeps' | 'would get' | 'moves' | 'loses' | 'waiting' | 'not ours';

/** As the Events and the condition of the Service would say it. */
export interface Reason {
  readonly reason: string;
  readonly message: string;
  /** true: only said, nothing is missing for it. */
  readonly advisory: boolean;
}

/** A line of the plan: one Service in one NodePool, one address. */
export interface PlanRow {
  readonly state: RowState;
  readonly nodePool?: string | undefined;
  readonly address?: string | undefined;
  /** What it moves from. */
  readonly from?: string | undefined;
  /** The address pool; absent where no range holds the address. */
  readonly pool?: string | undefined;
  readonly reasons: readonly Reason[];
}

export interface PlannedService {
  readonly service: ServiceObject;
  readonly isOurs: boolean;
  /** Something it asks for is missing. */
  readonly isWaiting: boolean;
  readonly rows: readonly PlanRow[];
}

export interface RowsOptions {
  readonly classless: boolean;
  /** What stays is said to stay; else there is nothing that could change it. */
  readonly isChange: boolean;
}

type Noted = Reason & { readonly nodePool: string | undefined };

/** How every Service of type LoadBalancer stands in the end, by namespace and name. */
export function planRows(
  rehearsal: Rehearsal,
  before: ReadonlyMap<string, readonly LoadBalancerIngress[]>,
  options: RowsOptions,
): PlannedService[] {
  const { world, core } = rehearsal;
  const gone = [...before].flatMap(([key, was]) => {
    return world.service(key) === undefined ? (retyped(key, ofNodePools(was, core.sites.isNodePool)) ?? []) : [];
  });
  const planned = [...world.services()].map((service): PlannedService => {
    const isOurs = serviceOwnership(service, options) === 'ours';
    if (!isOurs) return { service, isOurs, isWaiting: false, rows: [notOurs(service)] };
    const noted = reasonsOf(rehearsal, service);
    const was = before.get(serviceKey(service)) ?? [];
    const rows = new ServiceRows(rehearsal, service, was, noted, options.isChange ? 'keeps' : 'has').all();
    const isWaiting = noted.some(({ advisory }) => !advisory) || rows.some(({ state }) => state === 'waiting');
    return { service, isOurs, isWaiting, rows };
  });
  return [...planned, ...gone].sort((a, b) => (serviceKey(a.service) < serviceKey(b.service) ? -1 : 1));
}

/** A Service that files make one of another type. @returns undefined: it had nothing of ours */
function retyped(key: string, had: readonly Recorded[]): PlannedService | undefined {
  if (had.length === 0) return undefined;
  const [namespace = '', name = ''] = key.split('/');
  const reason = { reason: 'OtherType', message: 'It is no longer of type LoadBalancer.', advisory: true };
  const rows = had.map(({ nodePool, address }, i): PlanRow => {
    return { state: 'loses', nodePool, address: formatIpAddress(address), reasons: i === 0 ? [reason] : [] };
  });
  return { service: { kind: 'Service', metadata: { namespace, name } }, isOurs: true, isWaiting: false, rows };
}

function notOurs({ spec, status }: ServiceObject): PlanRow {
  const loadBalancerClass = spec?.loadBalancerClass ?? '';
  const message =
    loadBalancerClass === ''
      ? 'no loadBalancerClass; ours with --classless'
      : `loadBalancerClass ${loadBalancerClass}; ours is ${LOAD_BALANCER_CLASS}`;
  const address = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname ?? '?').join(',');
  const reasons = [{ reason: 'NotOurs', message, advisory: true }];
  return { state: 'not ours', address: address === '' ? undefined : address, reasons };
}

/** All that is said of a Service: problems of its plan, hosts that use its addresses, PoolServices that do not come. */
function reasonsOf(rehearsal: Rehearsal, service: ServiceObject): Noted[] {
  const { world, core, plans } = rehearsal;
  const key = serviceKey(service);
  if (service.metadata.deletionTimestamp !== undefined) {
    const message = 'It is being deleted; what it has stays until it is gone.';
    return [{ nodePool: undefined, reason: 'Deleting', message, advisory: true }];
  }
  const problems = plans.get(key)?.problems ?? [];
  const noted: Noted[] = problems.map(({ advisory = false, ...problem }) => ({ ...problem, advisory }));
  if (core.services.outcomes.get(key) === 'NoPoolService') {
    const said = rehearsal.said(service);
    const reason = said.has('NameContested') ? 'NameContested' : 'NoPoolService';
    noted.push({ nodePool: undefined, reason, message: said.get(reason) ?? '', advisory: false });
  }
  for (const { status, metadata } of [service, ...world.poolServices(key)]) {
    for (const { type, reason, message } of status?.conditions ?? []) {
      const nodePool = metadata.labels?.[POOL_SERVICE_POOL_LABEL];
      if (type === ADDRESS_CONFLICT_CONDITION) noted.push({ nodePool: undefined, reason, message, advisory: true });
      if (type === ADDRESSES_ALLOCATED_CONDITION && reason === 'NameContested')
        noted.push({ nodePool, reason, message, advisory: false });
    }
  }
  return noted;
}

interface Recorded {
  readonly nodePool: string;
  readonly address: IpAddress;
}

function ofNodePools(entries: readonly LoadBalancerIngress[], isNodePool: (name: string) => boolean): Recorded[] {
  return entries.flatMap(({ ip = '', hostname: nodePool = '' }) => {
    const address = tryParseIpAddress(ip);
    return address === undefined || !isNodePool(nodePool) ? [] : [{ nodePool, address }];
  });
}

/** The rows of one Service, NodePool by NodePool: its record at the beginning beside that in the end. */
class ServiceRows {
  readonly #held: readonly Recorded[];
  readonly #had: readonly Recorded[];
  /** Addresses that others gave it, which it may have been handed over with. */
  readonly #foreign: readonly string[];

  constructor(
    private readonly rehearsal: Rehearsal,
    private readonly service: ServiceObject,
    was: readonly LoadBalancerIngress[],
    private readonly noted: readonly Noted[],
    private readonly stays: RowState,
  ) {
    const { sites } = rehearsal.core;
    const poolServices = [...rehearsal.world.poolServices(serviceKey(service))];
    const is = recordedEntries(service, entriesOfPoolServices(poolServices).get(serviceKey(service)) ?? []);
    this.#held = ofNodePools(is, sites.isNodePool);
    this.#had = ofNodePools(was, sites.isNodePool);
    const foreign = was.filter(({ hostname = '' }) => !sites.isNodePool(hostname));
    this.#foreign = foreign.flatMap(({ ip = '' }) => canonicalIp(ip) ?? []);
  }

  all(): PlanRow[] {
    const named = [...this.#held, ...this.#had, ...this.noted].flatMap(({ nodePool }) => nodePool ?? []);
    const nodePools = [...new Set(named)].sort();
    const rows = nodePools.flatMap((nodePool) => this.#inNodePool(nodePool));
    const isTold = (nodePool: string | undefined) => rows.some((row) => row.nodePool === nodePool);
    const whole = this.noted.filter(({ nodePool }) => !isTold(nodePool));
    const [first, ...others] = rows;
    if (first !== undefined) return [{ ...first, reasons: [...whole, ...first.reasons] }, ...others];
    if (whole.length > 0) {
      const isWaiting = whole.some(({ advisory }) => !advisory);
      return [{ state: isWaiting ? 'waiting' : this.stays, reasons: whole }];
    }
    // LoadBalancerSet alone chooses, and says so itself
    const message = 'Its selector matches no NodePool.';
    return [{ state: 'waiting', reasons: [{ reason: 'NoNodePool', message, advisory: false }] }];
  }

  #inNodePool(nodePool: string): PlanRow[] {
    const inside = ({ nodePool: of }: { nodePool: string | undefined }) => of === nodePool;
    const held = this.#held.filter(inside).map(({ address }) => address);
    const left = this.#had
      .filter(inside)
      .flatMap(({ address }) => (held.some((one) => sameAddress(one, address)) ? [] : [address]));
    const rows: PlanRow[] = [...held].sort(compareIp).map((address) => this.#rowOf(nodePool, address, left));
    const reasons = this.noted.filter(inside);
    const lost = left.map((address): PlanRow => {
      return { state: 'loses', nodePool, address: formatIpAddress(address), reasons: [] };
    });
    rows.push(...lost);
    const isLacking = reasons.some(({ advisory }) => !advisory) && this.#lacks(held);
    if (isLacking && lost.length === 0) return [...rows, { state: 'waiting', nodePool, reasons }];
    const at = isLacking ? rows.length - lost.length : 0;
    return rows.map((row, i) => (i === at ? { ...row, reasons } : row));
  }

  /** @param left what the Service had there and has no more; what it moves from is taken out */
  #rowOf(nodePool: string, address: IpAddress, left: IpAddress[]): PlanRow {
    const text = formatIpAddress(address);
    const pool = this.rehearsal.core.book.site(nodePool).ranges?.poolOf(address)?.name;
    const row = { nodePool, address: text, pool, reasons: [] };
    const had = this.#had.some((one) => one.nodePool === nodePool && sameAddress(one.address, address));
    if (had || this.#foreign.includes(text)) return { ...row, state: this.stays };
    const at = left.findIndex(({ family }) => family === address.family);
    const [from] = at < 0 ? [] : left.splice(at, 1);
    if (from === undefined) return { ...row, state: 'would get' };
    return { ...row, state: 'moves', from: formatIpAddress(from) };
  }

  #lacks(held: readonly IpAddress[]): boolean {
    const { families, familyPolicy } = decodeService(this.service);
    const wanted = familyPolicy === 'SingleStack' ? families.slice(0, 1) : families;
    return wanted.some((family) => !held.some((address) => address.family === family));
  }
}
