import { cpus, platform } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type AddressConfig, DEFAULT_SITE_CONFIG, type IpFamily, parseIpRange } from '@openyurt/nodepool-types';
import { AddressBook } from '../../cloud-controller/src/ipam/address-book.ts';
import { allocate } from '../../cloud-controller/src/ipam/allocate.ts';
import type { Holder } from '../../cloud-controller/src/ipam/sharing.ts';
import type { BenchResult } from './main.ts';

export const summary = 'addresses given out per second, with few and with many Services in use';

const IN_USE = [10, 1_000, 100_000];
const ROUNDS = 9;
const ROUND_MS = 200;
const TARGET = 200_000;
/** Services that hold nothing at the moment and come next. */
const SPARE = 10_000;
/** How many come at a time where only their coming is timed; divides SPARE. */
const ARRIVING = 1_000;
/** Nodes of the cluster. Their addresses lie in the range, where the first Services would get theirs. */
const NODES = 100;

const NO_LABELS = {};

interface Case {
  readonly name: string;
  readonly family: IpFamily;
  readonly range: string;
  /** NodePools with that same range; each Service takes an address in all of them. */
  readonly nodePools: readonly string[];
  /**
   * Who leaves when a new Service has come: any of those in use, drawn by lot, or the oldest; its leaving is part of the
   * time. `later`: nobody; a thousand come, which is timed, and leave again, which is not.
   */
  readonly leaves: 'any' | 'oldest' | 'later';
}

const CASES: readonly Case[] = [
  { name: 'IPv4, arriving alone', family: 'IPv4', range: '10.0.0.0/8', nodePools: ['a'], leaves: 'later' },
  { name: 'IPv6, a /64, arriving alone', family: 'IPv6', range: 'fd00::/64', nodePools: ['a'], leaves: 'later' },
  { name: 'IPv4', family: 'IPv4', range: '10.0.0.0/8', nodePools: ['a'], leaves: 'any' },
  { name: 'IPv6, a /64', family: 'IPv6', range: 'fd00::/64', nodePools: ['a'], leaves: 'any' },
  {
    name: 'IPv4, one range in two NodePools',
    family: 'IPv4',
    range: '10.0.0.0/8',
    nodePools: ['a', 'b'],
    leaves: 'any',
  },
  { name: 'IPv4, the oldest Service leaves', family: 'IPv4', range: '10.0.0.0/8', nodePools: ['a'], leaves: 'oldest' },
];

/** Allocations per second. */
interface Figure {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/**
 * Arriving: a Service comes and gets an address with one port. Steady churn: a Service comes and gets an address with one port, another leaves and its address is given back, so the
 * number in use stays. One such pair is one allocation; in two NodePools it is two.
 */
export async function run(): Promise<BenchResult> {
  const figures: Record<string, number> = {};
  const [cpu] = cpus();
  console.log(`${cpu?.model ?? 'unknown CPU'}, ${cpus().length} cores, node ${process.version}, ${platform()}`);
  console.log(
    `allocations per second: median of ${ROUNDS} rounds of ${ROUND_MS} ms, slowest and fastest round in thousands (target ${TARGET.toLocaleString('en')})`,
  );
  console.log(`${''.padEnd(34)}${IN_USE.map((n) => `${n.toLocaleString('en')} in use`.padStart(24)).join('')}`);
  for (const one of CASES) measure(one, 10, 2); // all kinds of addresses are seen before the first figure is taken
  let worst = Number.POSITIVE_INFINITY;
  for (const one of CASES) {
    const cells: string[] = [];
    for (const inUse of IN_USE) {
      const { median, least, most } = measure(one, inUse, ROUNDS);
      worst = Math.min(worst, median);
      figures[`${one.name}, ${inUse} in use`] = median;
      figures[`${one.name}, ${inUse} in use, slowest round`] = least;
      figures[`${one.name}, ${inUse} in use, fastest round`] = most;
      cells.push(`${median.toLocaleString('en')} (${thousands(least)}-${thousands(most)})`.padStart(24));
    }
    console.log(`${one.name.padEnd(34)}${cells.join('')}`);
  }
  console.log(
    worst >= TARGET ? 'target reached everywhere' : `target missed: the slowest is ${worst.toLocaleString('en')}`,
  );
  return { figures };
}

function thousands(n: number): string {
  return (n / 1000).toFixed(0);
}

/** What an earlier measurement left behind must not be collected during the next one. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const gc: unknown = runInNewContext('gc');
  if (typeof gc === 'function') gc();
}

function measure(one: Case, inUse: number, rounds: number): Figure {
  const { family, nodePools, leaves } = one;
  const book = bookOf(one);
  const using = Array.from({ length: inUse }, (_, i) => service(i));
  const spare = Array.from({ length: SPARE }, (_, i) => service(inUse + i));
  for (const holder of using) give(book, holder, family, nodePools);
  const draw = xorshift32();
  let at = 0;
  let turn = 0;
  const arrive = (): number => {
    let given = 0;
    let timedMs = 0;
    while (timedMs < ROUND_MS) {
      const startMs = performance.now();
      for (let i = 0; i < ARRIVING; i++) given += give(book, nth(spare, turn + i), family, nodePools);
      timedMs += performance.now() - startMs;
      for (let i = 0; i < ARRIVING; i++) book.releaseAll(nth(spare, turn + i).key);
      turn = (turn + ARRIVING) % SPARE;
      book.drainFreed();
    }
    return (given / timedMs) * 1000;
  };
  const churn = (): number => {
    const startMs = performance.now();
    const untilMs = startMs + ROUND_MS;
    let given = 0;
    let nowMs = startMs;
    while (nowMs < untilMs) {
      for (let i = 0; i < 500; i++) {
        at = leaves === 'any' ? draw() % inUse : (at + 1) % inUse;
        turn = (turn + 1) % SPARE;
        const leaving = nth(using, at);
        const coming = nth(spare, turn);
        given += give(book, coming, family, nodePools);
        book.releaseAll(leaving.key);
        using[at] = coming;
        spare[turn] = leaving;
      }
      book.drainFreed();
      nowMs = performance.now();
    }
    return (given / (nowMs - startMs)) * 1000;
  };
  const round = leaves === 'later' ? arrive : churn;
  collectGarbage();
  round();
  round();
  const sorted = Array.from({ length: rounds }, () => Math.round(round())).sort((a, b) => a - b);
  let held = 0;
  for (const key of book.services) held += book.holdings(key).length;
  if (held !== inUse * nodePools.length) throw new Error(`${held} addresses in use at the end`);
  return { median: sorted[rounds >> 1] ?? 0, least: sorted[0] ?? 0, most: sorted.at(-1) ?? 0 };
}

function nth(services: readonly Holder[], at: number): Holder {
  const service = services[at];
  if (service === undefined) throw new Error(`no Service ${at}`);
  return service;
}

function bookOf({ family, range, nodePools }: Case): AddressBook {
  const book = new AddressBook();
  const parsed = parseIpRange(range);
  const config: AddressConfig = {
    pools: [
      {
        name: 'default',
        ranges: [parsed],
        autoAssign: true,
        avoidBuggyIps: false,
        priority: 0,
        namespaces: [],
        serviceSelectors: [],
      },
    ],
    site: DEFAULT_SITE_CONFIG,
  };
  for (const nodePool of nodePools) book.configure(nodePool, config);
  book.setNodeAddresses(Array.from({ length: NODES }, (_, i) => ({ family, value: parsed.first + BigInt(2 * i) })));
  return book;
}

/** Numbers below 2^32, the same in each run. */
function xorshift32(): () => number {
  let state = 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
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
    namespace: 'default',
    labels: NO_LABELS,
  };
}
