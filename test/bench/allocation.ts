import { parseArgs } from 'node:util';
import { waitUntil } from '../support/kube/wait-until.ts';
import { reexecInUserNamespaceIfNeeded } from '../support/netns/enter.mjs';
import { Stage } from '../support/stage.ts';
import type { Allocator } from './allocation/allocator.ts';
import { type Arena, metricsOf } from './allocation/arena.ts';
import { Client } from './allocation/client.ts';
import { type ConfigChange, changeConfig } from './allocation/config-change.ts';
import { grow, type Step } from './allocation/growth.ts';
import { MetalLbAllocator } from './allocation/metallb.ts';
import { EVERYWHERE, OurAllocator } from './allocation/ours.ts';
import { type Restart, restart } from './allocation/restart.ts';
import { type Played, show } from './allocation/show.ts';
import { changesTable, restartsTable, stepsTable } from './allocation/table.ts';
import { machineLine } from './failover/machine.ts';
import { progress, say } from './failover/progress.ts';
import { whatIsMissing } from './failover/what-is-missing.ts';
import type { BenchResult } from './main.ts';

const USAGE = `Usage: npm run bench -- allocation [--services 10000] [--pools 3] [--connections 8] [--peer metallb] [--json FILE]

Services created in bulk on the real control plane (npm run kube:build makes it) until all have their addresses, the controller
restarted at that size, and its configuration changed.

  --steps 1,1000,5000  sizes at which to stop and measure, before --services
  --connections 8      over which Services are created at a time
  --limit 300          seconds after which nothing more is waited for; then it is printed how far each came
  --peer metallb       MetalLB's controller after ours, on a control plane of its own
  --peer-services N    for MetalLB; default: as many`;

/** Of every NodePool: they are LANs of their own. */
const RANGE = '10.100.0.0/16';
const MORE = '10.101.0.0/24';
/** Without the first one. */
const LESS = '10.100.0.1-10.100.255.255';
/** A NodePool that only a few Services are for. */
const ANNEX = 'annex';
const FEW = 10;
const MOST = 60_000;
const UP = { deadlineMs: 60_000, everyMs: 100 };

const options = {
  services: { type: 'string', default: '10000' },
  'peer-services': { type: 'string' },
  steps: { type: 'string', default: '1,1000,5000' },
  pools: { type: 'string', default: '3' },
  connections: { type: 'string', default: '8' },
  limit: { type: 'string', default: '300' },
  peer: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

interface Wanted {
  readonly sizes: readonly number[];
  readonly pools: number;
  readonly connections: number;
  readonly limitMs: number;
}

export async function run(argv: readonly string[]): Promise<BenchResult> {
  const { values } = parseArgs({ args: [...argv], options });
  const numbers = [
    values.services,
    values['peer-services'] ?? values.services,
    values.pools,
    values.connections,
    values.limit,
  ].map(Number);
  const [services = 0, peerServices = 0, pools = 0, connections = 0, limit = 0] = numbers;
  const steps = values.steps.split(',').map(Number);
  const whole = [...numbers, ...steps].every((one) => Number.isInteger(one) && one > 0 && one <= MOST) && pools <= 100;
  if (values.help || !whole || (values.peer !== undefined && values.peer !== 'metallb')) {
    say(USAGE);
    return { figures: {} };
  }
  await reexecInUserNamespaceIfNeeded();
  const missing = whatIsMissing({ kube: true });
  if (missing !== undefined) throw new Error(`the allocation benchmark cannot run here: ${missing}`);
  const startedMs = performance.now();
  say(machineLine());
  const sizesTo = (most: number) => [...new Set([...steps.filter((size) => size < most), most])].sort((a, b) => a - b);
  const wanted = { pools, connections, limitMs: limit * 1000 };
  const all = [await onStage({ ...wanted, sizes: sizesTo(services) }, async (stage) => new OurAllocator(stage, pools))];
  say(`took ${Math.round((performance.now() - startedMs) / 1000)} s`);
  if (values.peer !== undefined) {
    const peer = { ...wanted, sizes: sizesTo(peerServices) };
    all.push(await onStage(peer, (stage) => MetalLbAllocator.install(stage, RANGE)));
  }
  return show(all);
}

/** Everybody has a control plane of his own: what the one before left in it would be his load. */
async function onStage(wanted: Wanted, make: (stage: Stage) => Promise<Allocator>): Promise<Played> {
  progress('starting a control plane');
  const stage = await Stage.create({
    pools: [
      ...Array.from({ length: wanted.pools }, (_, i) => ({
        name: site(i),
        nodes: [`node-${i + 1}`],
        labels: EVERYWHERE,
      })),
      { name: ANNEX, nodes: ['node-annex'] },
    ],
    addresses: addressesOf(RANGE),
    kube: true,
    prefix: 'bl',
  });
  let failed = true;
  let client: Client | undefined;
  let allocator: Allocator | undefined;
  try {
    allocator = await make(stage);
    client = await Client.start(stage);
    const deadlineMs = performance.now() + wanted.limitMs;
    const played = await play(stage, { allocator, client, deadlineMs }, wanted);
    failed = false;
    return played;
  } finally {
    await client?.stop();
    await allocator?.stop('SIGKILL');
    await stage.close({ keepLogs: failed });
    if (failed) say(`The programs' logs are kept in ${stage.dir}`);
  }
}

async function play(stage: Stage, arena: Arena, { sizes, connections }: Wanted): Promise<Played> {
  const { allocator } = arena;
  const { name } = allocator;
  await allocator.start();
  await waitUntil(`${name} works`, async () => allocator.isUp(await metricsOf(arena)), UP);
  const steps: Step[] = [];
  for (const to of sizes) {
    const from = steps.at(-1)?.to ?? 0;
    const tell = (created: number, addressed: number) =>
      progress(`${name}: up to ${to} Services: ${created} created, ${addressed} have their addresses`);
    steps.push(await grow(arena, { from, to, connections }, tell));
    if (allocator.problem !== undefined) throw new Error(allocator.problem);
    if (performance.now() > arena.deadlineMs) break;
  }
  say(stepsTable(steps.map((step) => ({ name, step }))));
  const restarts: Restart[] = [];
  for (const how of ['SIGTERM', 'SIGKILL'] as const) {
    progress(`${name}: restart after ${how}`);
    restarts.push(await restart(arena, how, `after-${how.toLowerCase()}`));
  }
  say(restartsTable(restarts.map((one) => ({ name, restart: one }))));
  const changes = allocator instanceof OurAllocator ? await changeConfigs(stage, arena, allocator) : [];
  if (changes.length > 0) say(changesTable(changes));
  await allocator.stop('SIGTERM');
  return { name, steps, restarts, changes };
}

/** Of a NodePool that every Service has, and of one that few have. */
async function changeConfigs(stage: Stage, arena: Arena, ours: OurAllocator): Promise<ConfigChange[]> {
  const few = Array.from({ length: FEW }, (_, i) => `annex-${i + 1}`);
  await arena.client.create(ours.serviceIn(`site=${ANNEX}`), few, {
    entries: 1,
    deadlineMs: performance.now() + UP.deadlineMs,
  });
  const changes: ConfigChange[] = [];
  for (const { what, nodePool, ranges } of [
    { what: `${FEW} Services have it: a range more`, nodePool: ANNEX, ranges: [RANGE, MORE] },
    { what: 'all Services have it: a range more', nodePool: site(0), ranges: [RANGE, MORE] },
    {
      what: 'all Services have it: one address in use less, with allow-renumber',
      nodePool: site(0),
      ranges: [LESS, MORE],
    },
  ]) {
    progress(`${ours.name}: ${what}`);
    changes.push(await changeConfig(arena, stage, { what, nodePool, config: addressesOf(...ranges) }));
  }
  return changes;
}

function site(i: number): string {
  return `site-${i + 1}`;
}

function addressesOf(...ranges: readonly string[]): string {
  return `address-pools:\n- name: default\n  protocol: layer2\n  addresses: [${ranges.join(', ')}]\n`;
}
