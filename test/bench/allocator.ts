import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type AddressConfig, DEFAULT_SITE_CONFIG, type IpFamily, parseIpRange } from '@openyurt/nodepool-types';
import { AddressBook } from '../../cloud-controller/src/ipam/address-book.ts';
import { allocate } from '../../cloud-controller/src/ipam/allocate.ts';
import type { Holder } from '../../cloud-controller/src/ipam/sharing.ts';
import type { BenchResult } from './main.ts';

export const summary = 'addresses given out per second, with few and with many Services in use';

const IN_USE = [10, 1_000, 100_000];
const ROUNDS = 7;
const ROUND_MS = 200;
const TARGET = 200_000;
/** Services that are not in use at the moment and come next. */
const SPARE = 10_000;

interface Case {
  readonly name: string;
  readonly family: IpFamily;
  readonly range: string;
  /** NodePools with that same range; each Service takes an address in all of them. */
  readonly nodePools: readonly string[];
}

const CASES: readonly Case[] = [
  { name: 'IPv4, one NodePool', family: 'IPv4', range: '10.0.0.0/8', nodePools: ['a'] },
  { name: 'IPv6 /64, one NodePool', family: 'IPv6', range: 'fd00::/64', nodePools: ['a'] },
  { name: 'IPv4, the same range in two NodePools', family: 'IPv4', range: '10.0.0.0/8', nodePools: ['a', 'b'] },
];

/** Steady churn: a new Service gets an address, the oldest gives its own back, so the number in use stays. */
export async function run(): Promise<BenchResult> {
  const figures: Record<string, number> = {};
  console.log(
    `allocations per second, median of ${ROUNDS} rounds of ${ROUND_MS} ms (target ${TARGET.toLocaleString('en')})`,
  );
  console.log(`${''.padEnd(40)}${IN_USE.map((n) => `${n.toLocaleString('en')} in use`.padStart(18)).join('')}`);
  let worst = Number.POSITIVE_INFINITY;
  for (const one of CASES) {
    const cells: string[] = [];
    for (const inUse of IN_USE) {
      const perSecond = measure(one, inUse);
      worst = Math.min(worst, perSecond);
      figures[`${one.name}, ${inUse} in use`] = perSecond;
      cells.push(perSecond.toLocaleString('en').padStart(18));
    }
    console.log(`${one.name.padEnd(40)}${cells.join('')}`);
  }
  console.log(
    worst >= TARGET ? 'target reached everywhere' : `target missed: the slowest is ${worst.toLocaleString('en')}`,
  );
  return { figures };
}

/** What an earlier measurement left behind must not be collected during the next one. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const gc: unknown = runInNewContext('gc');
  if (typeof gc === 'function') gc();
}

/** @returns allocations (each an address taken and given back) per second */
function measure({ family, range, nodePools }: Case, inUse: number): number {
  const book = new AddressBook();
  const config: AddressConfig = {
    pools: [{ name: 'default', ranges: [parseIpRange(range)], autoAssign: true, avoidBuggyIps: false }],
    site: DEFAULT_SITE_CONFIG,
  };
  for (const nodePool of nodePools) book.configure(nodePool, config);
  const services = Array.from({ length: inUse + SPARE }, (_, i) => service(i));
  for (let i = 0; i < inUse; i++) give(book, at(services, i), family, nodePools);
  let oldest = 0;
  const round = (): number => {
    const startMs = performance.now();
    const untilMs = startMs + ROUND_MS;
    let given = 0;
    let nowMs = startMs;
    while (nowMs < untilMs) {
      for (let i = 0; i < 500; i++) {
        given += give(book, at(services, oldest + inUse), family, nodePools);
        book.releaseAll(at(services, oldest++).key);
      }
      book.drainFreed();
      nowMs = performance.now();
    }
    return (given / (nowMs - startMs)) * 1000;
  };
  collectGarbage();
  round();
  const rounds = Array.from({ length: ROUNDS }, round).sort((a, b) => a - b);
  return Math.round(rounds[ROUNDS >> 1] ?? 0);
}

function at(services: readonly Holder[], i: number): Holder {
  const found = services[i % services.length];
  if (found === undefined) throw new Error('no Services');
  return found;
}

function give(book: AddressBook, holder: Holder, family: IpFamily, nodePools: readonly string[]): number {
  const prefer = [];
  for (const [at, nodePool] of nodePools.entries()) {
    const next = at === 0 ? nodePools.slice(1) : [];
    const found = allocate(book, { nodePool, family, holder, pool: undefined, prefer, next });
    if ('reason' in found) throw new Error(found.reason);
    const refusal = book.take(nodePool, found.address, holder);
    if (refusal !== undefined) throw new Error(refusal.reason);
    prefer.push(found.address);
  }
  return nodePools.length;
}

const PORTS = [{ protocol: 'TCP', port: 443 }] as const;

function service(i: number): Holder {
  return {
    key: `default/service-${i}`,
    uid: `uid-${i}`,
    ports: PORTS,
    sharingKey: undefined,
    externalTrafficPolicy: 'Cluster',
    podSelector: '',
  };
}
