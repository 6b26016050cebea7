import { parseArgs } from 'node:util';
import { reexecInUserNamespaceIfNeeded } from '../support/netns/enter.mjs';
import { Stage } from '../support/stage.ts';
import { Arena } from './failover/arena.ts';
import type { Contestant } from './failover/contestant.ts';
import { FAILURES } from './failover/failures.ts';
import { machineLine } from './failover/machine.ts';
import { MetalLbContestant } from './failover/metallb.ts';
import { Ours } from './failover/ours.ts';
import { progress, say } from './failover/progress.ts';
import { figuresOf, markdown, type Series } from './failover/table.ts';
import { NEVER_MS, type Trial, tryOnce } from './failover/trial.ts';
import { whatIsMissing } from './failover/what-is-missing.ts';
import type { BenchResult } from './main.ts';

const USAGE = `Usage: npm run bench -- failover [--runs 20] [--peer metallb [--peer-runs 5]] [--tuned] [--only TEXT] [--json FILE]

  --peer metallb  MetalLB's speakers after ours on the same site and control plane (npm run kube:build makes that)
  --tuned         the site is configured with heartbeat ${'40ms'} instead of the default 100ms
  --only TEXT     only failures whose name holds TEXT`;

const NODES = ['shop-a', 'shop-b', 'shop-c'];
const SERVICES = 8;
/** So that a return takes a second of its own health and not five; twenty of each are waited for. */
const SITE = 'minReadySeconds: 1\n';
const TUNED = `${SITE}heartbeat: 40ms\n`;
const ADDRESSES = `address-pools:
- name: default
  protocol: layer2
  addresses: [192.168.10.220-192.168.10.239]
`;
const PEER_ADDRESSES = Array.from({ length: SERVICES }, (_, i) => `192.168.10.${240 + i}`);
/** After it was once seen that an old owner stays away, so long is waited in the runs after it. */
const STAYS_AWAY_MS = 3000;

const options = {
  runs: { type: 'string', default: '20' },
  'peer-runs': { type: 'string', default: '5' },
  peer: { type: 'string' },
  tuned: { type: 'boolean', default: false },
  only: { type: 'string', default: '' },
} as const;

interface Wanted {
  readonly runs: number;
  readonly tuned: boolean;
  readonly only: string;
}

/** Every way to lose the announcer of an address, online and with the cloud cut, as a client on the LAN sees it. */
export async function run(argv: readonly string[]): Promise<BenchResult & { series: readonly Series[] }> {
  const { values } = parseArgs({ args: [...argv], options });
  const [runs, peerRuns] = [Number(values.runs), Number(values['peer-runs'])];
  const whole = [runs, peerRuns].every((count) => Number.isInteger(count) && count > 0);
  if (!whole || (values.peer !== undefined && values.peer !== 'metallb')) throw new Error(USAGE);
  await reexecInUserNamespaceIfNeeded();
  const missing = whatIsMissing({ kube: values.peer !== undefined });
  if (missing !== undefined) throw new Error(`the failover benchmark cannot run here: ${missing}`);
  const startedMs = performance.now();
  say(machineLine());
  const stage = await Stage.create({
    pools: [{ name: 'shop', nodes: NODES }],
    addresses: ADDRESSES,
    kube: values.peer !== undefined,
    prefix: 'bf',
    site: values.tuned ? TUNED : SITE,
  });
  const series: Series[] = [];
  let failed = true;
  try {
    series.push(...(await contest(stage, await Ours.begin(stage, SERVICES), { ...values, runs })));
    if (values.peer !== undefined) {
      const peer = await MetalLbContestant.begin(stage, PEER_ADDRESSES, progress);
      series.push(...(await contest(stage, peer, { ...values, runs: peerRuns })));
    }
    failed = false;
  } finally {
    await stage.close({ keepLogs: failed });
    if (failed) say(`The programs' logs are kept in ${stage.dir}`);
  }
  say(
    `\nmin / median / max in ms; "never" is not within ${NEVER_MS / 1000} s${values.tuned ? '; site: heartbeat 40ms' : ''}`,
  );
  say(markdown(series));
  say(`${machineLine()}; took ${Math.round((performance.now() - startedMs) / 1000)} s`);
  return { figures: figures(series), series };
}

async function contest(stage: Stage, contestant: Contestant, wanted: Wanted): Promise<Series[]> {
  progress(`${contestant.name}: starting`);
  const arena = await Arena.open(stage, contestant);
  const all: Series[] = [];
  try {
    for (const cloud of ['online', 'cut'] as const) {
      if (cloud === 'cut') cutCloud(stage);
      for (const failure of FAILURES.filter(({ name }) => name.includes(wanted.only))) {
        const trials: Trial[] = [];
        let returnMs = NEVER_MS;
        const startedMs = performance.now();
        while (trials.length < wanted.runs) {
          const node = arena.owners[trials.length % arena.owners.length] ?? '';
          const recover = async () => {
            returnMs = STAYS_AWAY_MS;
            restoreCloud(stage);
            await arena.settled(120_000);
            if (cloud === 'cut') cutCloud(stage);
          };
          trials.push(await tryOnce(arena, failure, node, { returnMs, recover }));
          progress(`${contestant.name}, ${cloud}, ${failure.name}: ${trials.length} of ${wanted.runs}`);
        }
        const target = wanted.tuned ? failure.tunedTarget : failure.target;
        const one = { contestant: contestant.name, cloud, failure: failure.name, target, trials };
        all.push(one);
        say(summary(one, performance.now() - startedMs));
      }
    }
  } finally {
    restoreCloud(stage);
    await arena.close();
  }
  return all;
}

function summary(one: Series, tookMs: number): string {
  const shown = Object.entries(figuresOf(one));
  const parts = shown.map(
    ([name, { min, median, max }]) => `${name} ${[min, median, max].map((ms) => ms ?? 'never').join('/')}`,
  );
  return `${one.contestant}, ${one.cloud}, ${one.failure}: ${parts.join(', ')} (${Math.round(tookMs / 1000)} s)`;
}

function cutCloud(stage: Stage): void {
  for (const node of NODES) stage.site.cutCloud(node, { how: 'blackhole' });
}

function restoreCloud(stage: Stage): void {
  for (const node of NODES) stage.site.restoreCloud(node);
}

function figures(series: readonly Series[]): Record<string, number | string> {
  const all: Record<string, number | string> = {};
  for (const one of series) {
    for (const [figure, values] of Object.entries(figuresOf(one))) {
      for (const [which, value] of Object.entries(values)) {
        all[`${one.contestant}, ${one.cloud}, ${one.failure}: ${figure} ${which}`] =
          (value as number | null) ?? 'never';
      }
    }
  }
  return all;
}
