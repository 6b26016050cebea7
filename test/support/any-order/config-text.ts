import { formatIpAddress, parseIpRange } from '@openyurt/nodepool-types';
import { parse } from 'yaml';
import type { ServiceFacts } from './facts.ts';
import { type Family, familyOf } from './family.ts';

/** One ConfigMap's text. */
export interface ConfigText {
  readonly pools: readonly PoolText[];
  readonly allowOutside: boolean;
}

export interface PoolText {
  readonly name: string;
  /** Each address, in the order of the ranges: those of a test are few. */
  readonly ips: readonly string[];
  readonly autoAssign: boolean;
  readonly avoidBuggyIps: boolean;
  /** The lower the earlier; those without one last. */
  readonly turn: number;
  readonly namespaces: readonly string[] | undefined;
  readonly serviceSelectors: readonly { 'match-labels': Record<string, string> }[] | undefined;
}

interface Written {
  'address-pools': {
    name: string;
    addresses: string[];
    'auto-assign'?: boolean;
    'avoid-buggy-ips'?: boolean;
    priority?: number;
    namespaces?: string[];
    'service-selectors'?: { 'match-labels': Record<string, string> }[];
  }[];
}

const KNOWN = new Map<string, ConfigText | 'unreadable'>();

export function readConfig(data: Readonly<Record<string, string>>): ConfigText | 'unreadable' {
  const key = JSON.stringify(data);
  const known = KNOWN.get(key);
  if (known !== undefined) return known;
  const text = read(data);
  KNOWN.set(key, text);
  return text;
}

function read({ config = '', site = '' }: Readonly<Record<string, string>>): ConfigText | 'unreadable' {
  try {
    const written = parse(config) as Written;
    const { allowOutsideRanges = false } = (parse(site) ?? {}) as { allowOutsideRanges?: boolean };
    const pools = written['address-pools'].map(
      (pool): PoolText => ({
        name: pool.name,
        ips: pool.addresses.flatMap(addressesOf),
        autoAssign: pool['auto-assign'] ?? true,
        avoidBuggyIps: pool['avoid-buggy-ips'] ?? false,
        turn: pool.priority || Number.POSITIVE_INFINITY,
        namespaces: pool.namespaces,
        serviceSelectors: pool['service-selectors'],
      }),
    );
    return { pools, allowOutside: allowOutsideRanges };
  } catch {
    return 'unreadable';
  }
}

function addressesOf(range: string): string[] {
  const { family, first, last } = parseIpRange(range);
  const size = Number(last - first) + 1;
  return Array.from({ length: size }, (_, at) => formatIpAddress({ family, value: first + BigInt(at) }));
}

export function poolOf({ pools }: ConfigText, ip: string): PoolText | undefined {
  return pools.find(({ ips }) => ips.includes(ip));
}

/** By namespace and labels. */
export function serves({ namespaces, serviceSelectors }: PoolText, service: ServiceFacts): boolean {
  if (namespaces !== undefined && !namespaces.includes(service.namespace)) return false;
  const matches = ({ 'match-labels': labels }: { 'match-labels': Record<string, string> }) =>
    Object.entries(labels).every(([key, value]) => service.labels[key] === value);
  return serviceSelectors === undefined || serviceSelectors.some(matches);
}

/** Whether it is given out at all unless somebody asks for it by name. */
export function isGiven(pool: PoolText, ip: string): boolean {
  if (familyOf(ip) === 'IPv6') return !ip.endsWith('::');
  return !pool.avoidBuggyIps || !/\.(0|255)$/.test(ip);
}

export function hasFamily({ ips }: PoolText, family: Family): boolean {
  return ips.some((ip) => familyOf(ip) === family);
}
