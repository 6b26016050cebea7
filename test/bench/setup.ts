import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { reexecInUserNamespaceIfNeeded } from '../support/netns/enter.mjs';
import { Stage } from '../support/stage.ts';
import { Ask, buildAsk } from './arp/ask.ts';
import { LANS, POOLS } from './arp/lane.ts';
import { machineLine } from './failover/machine.ts';
import { progress, say } from './failover/progress.ts';
import { whatIsMissing } from './failover/what-is-missing.ts';
import type { BenchResult } from './main.ts';
import { Creator } from './setup/creator.ts';
import { overRuns, PHASES, type Phases, phasesOf } from './setup/phases.ts';
import { ADDRESSES, MOST_RUNS, metalLbSetter, oursSetter, type Setter } from './setup/setter.ts';

const USAGE = `Usage: npm run bench -- setup [--runs 30] [--peer metallb] [--json FILE]

From the moment the API has created a Service until a client on the LAN has the first ARP answer from its address: the real
control plane (npm run kube:build makes it), our controller, three speakers, an address that the LAN has not seen before.

  --peer metallb  MetalLB's controller and speakers on another LAN of the same site, taking turns with ours`;

const TARGET_MS = 60;
const ASK_EVERY_US = 500;
const GIVE_UP_MS = 10_000;
const WARM_MS = 60_000;
/** Between two runs: the announcements of the one before have ended. */
const PAUSE_MS = 1200;
/** The endpoints are known before the Service comes. */
const SLICE_MS = 300;

const options = {
  runs: { type: 'string', default: '30' },
  peer: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

export async function run(argv: readonly string[]): Promise<BenchResult> {
  const { values } = parseArgs({ args: [...argv], options });
  const runs = Number(values.runs);
  const whole = Number.isInteger(runs) && runs >= 1 && runs <= MOST_RUNS;
  if (values.help || !whole || (values.peer !== undefined && values.peer !== 'metallb')) {
    say(USAGE);
    return { figures: {} };
  }
  await reexecInUserNamespaceIfNeeded();
  const missing = whatIsMissing({ kube: true });
  if (missing !== undefined) throw new Error(`the setup benchmark cannot run here: ${missing}`);
  say(machineLine());
  const pools = [POOLS.ours, ...(values.peer === undefined ? [] : [POOLS.peer])];
  const stage = await Stage.create({
    pools: pools.map((name) => ({ name, nodes: ['a', 'b', 'c'].map((node) => `${name}-${node}`), lan: LANS[name] })),
    addresses: ADDRESSES,
    kube: true,
    prefix: 'bu',
  });
  let failed = true;
  const setters: Setter[] = [];
  try {
    setters.push(await oursSetter(stage));
    if (values.peer !== undefined) setters.push(await metalLbSetter(stage));
    const result = show(await takeTurns(stage, setters, runs));
    failed = false;
    return result;
  } finally {
    await Promise.all(setters.map((setter) => setter.close()));
    await stage.close({ keepLogs: failed });
    if (failed) say(`The programs' logs are kept in ${stage.dir}`);
  }
}

async function takeTurns(stage: Stage, setters: readonly Setter[], runs: number): Promise<Map<string, Phases[]>> {
  const program = join(stage.dir, 'ask');
  await buildAsk(program);
  const askFor = ({ pool }: Setter, address: string) =>
    new Ask(stage.site, stage.site.pool(pool).clientNs, program, address);
  for (const setter of setters) {
    const { signs } = await askFor(setter, setter.first).first(ASK_EVERY_US, WARM_MS);
    if ((await signs).answerMs === 0) throw new Error(`${setter.name} does not answer for ${setter.first}`);
  }
  const creator = await Creator.start(stage);
  const all = new Map<string, Phases[]>(setters.map(({ name }) => [name, []]));
  try {
    for (let run = 1; run <= runs; run++) {
      for (const setter of setters) {
        const { slice, service, address } = setter.prepare(run);
        await creator.create('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', slice);
        await sleep(SLICE_MS);
        const { signs } = await askFor(setter, address).first(ASK_EVERY_US, GIVE_UP_MS);
        const { sentMs, returnedMs } = await creator.create('/api/v1/namespaces/default/services', service);
        const { ip, atMs: addressedMs } = await creator.addressed(service.metadata.name);
        if (ip !== address) throw new Error(`${setter.name} gave ${ip} to ${service.metadata.name}, not ${address}`);
        all.get(setter.name)?.push(phasesOf({ sentMs, returnedMs, addressedMs, ...(await signs) }));
        progress(`${run} of ${runs}: ${setter.name}`);
        await sleep(PAUSE_MS);
      }
    }
  } finally {
    await creator.stop();
  }
  return all;
}

function show(all: ReadonlyMap<string, readonly Phases[]>): BenchResult {
  const figures: Record<string, number> = {};
  const over = [...all].map(([name, runs]) => ({ name, runs: runs.length, phases: overRuns(runs) }));
  say(`\nmedian / 90 % / max, ms\n`);
  say(`| from → to | ${over.map(({ name, runs }) => `${name}, ${runs} runs`).join(' | ')} |`);
  say(`| --- |${over.map(() => ' --- |').join('')}`);
  for (const [phase, title] of Object.entries(PHASES) as [keyof Phases, string][]) {
    const cells = over.map(({ phases }) => phases[phase].map((ms) => ms.toFixed(1)).join(' / '));
    say(`| ${title} | ${cells.join(' | ')} |`);
    for (const { name, phases } of over) {
      const [median, p90, max] = phases[phase].map((ms) => Math.round(ms * 10) / 10);
      const key = `${name}: ${phase}`;
      Object.assign(figures, { [`${key} median`]: median, [`${key} p90`]: p90, [`${key} max`]: max });
    }
  }
  const [median = Number.POSITIVE_INFINITY] = over[0]?.phases.total ?? [];
  say(`\ntarget: median < ${TARGET_MS} ms${median < TARGET_MS ? '' : ' ✗'}\n${machineLine()}`);
  return { figures };
}
