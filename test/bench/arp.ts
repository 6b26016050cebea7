import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { reexecInUserNamespaceIfNeeded } from '../support/netns/enter.mjs';
import { Stage } from '../support/stage.ts';
import { buildAsk } from './arp/ask.ts';
import { type Alarms, alarmLines, alarms, sumOfAlarms } from './arp/false-takeovers.ts';
import { kernelLane, LANS, type Lane, metalLbLane, oursLane, POOLS } from './arp/lane.ts';
import { overRounds, playRound, type Round, type Sizes } from './arp/round.ts';
import { alarmLine, figuresOf, markdown, verdicts } from './arp/table.ts';
import { machineLine } from './failover/machine.ts';
import { progress, say } from './failover/progress.ts';
import { whatIsMissing } from './failover/what-is-missing.ts';
import type { BenchResult } from './main.ts';

const USAGE = `Usage: npm run bench -- arp [--rounds 5] [--questions 5000] [--flood 100000] [--peer metallb] [--json FILE]

Who answers ARP how fast: our speakers, the kernel's own responder and, with --peer metallb (npm run kube:build makes its
control plane), MetalLB's speakers, each on a LAN of three nodes in one site, taking turns in each round.`;

const ADDRESSES = `address-pools:
- name: default
  protocol: layer2
  addresses: [192.168.10.220-192.168.10.239]
`;
const WINDOW = 64;
const WINDOWED = 50_000;
const PAUSE_US = 500;
/** Of the logs, where they tell of a false takeover. */
const MOST_LINES = 20;

const options = {
  rounds: { type: 'string', default: '5' },
  questions: { type: 'string', default: '5000' },
  flood: { type: 'string', default: '100000' },
  peer: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

export async function run(argv: readonly string[]): Promise<BenchResult> {
  const { values } = parseArgs({ args: [...argv], options });
  const [rounds = 0, questions = 0, flood = 0] = [values.rounds, values.questions, values.flood].map(Number);
  const whole = [rounds, questions, flood].every((count) => Number.isInteger(count) && count > 0);
  if (values.help || !whole || (values.peer !== undefined && values.peer !== 'metallb')) {
    say(USAGE);
    return { figures: {} };
  }
  await reexecInUserNamespaceIfNeeded();
  const missing = whatIsMissing({ kube: values.peer !== undefined });
  if (missing !== undefined) throw new Error(`the arp benchmark cannot run here: ${missing}`);
  say(machineLine());
  const stage = await Stage.create({
    pools: Object.values(POOLS).map((name) => ({
      name,
      nodes: ['a', 'b', 'c'].map((node) => `${name}-${node}`),
      lan: LANS[name],
    })),
    addresses: ADDRESSES,
    kube: values.peer !== undefined,
    prefix: 'ba',
  });
  let failed = true;
  const lanes: Lane[] = [];
  try {
    const program = join(stage.dir, 'ask');
    await buildAsk(program);
    lanes.push(await kernelLane(stage, program), await oursLane(stage, program));
    if (values.peer !== undefined) lanes.push(await metalLbLane(stage, program));
    const result = await contest(stage, lanes, rounds, {
      questions,
      pauseUs: PAUSE_US,
      windowed: WINDOWED,
      window: WINDOW,
      flood,
    });
    failed = false;
    return result;
  } finally {
    await Promise.all(lanes.map((lane) => lane.close()));
    await stage.close({ keepLogs: failed });
    if (failed) say(`The programs' logs are kept in ${stage.dir}`);
  }
}

/** The first round warms everybody up and is shown, not counted. Who begins changes from round to round. */
async function contest(stage: Stage, lanes: readonly Lane[], rounds: number, sizes: Sizes): Promise<BenchResult> {
  const played = new Map<string, Round[]>(lanes.map(({ name }) => [name, []]));
  const whileAsked: Alarms[] = [];
  const startedMs = Date.now();
  for (let round = 0; round <= rounds; round++) {
    for (let turn = 0; turn < lanes.length; turn++) {
      const lane = lanes[(round + turn) % lanes.length];
      if (lane === undefined) continue;
      progress(`round ${round} of ${rounds}: ${lane.name}`);
      const fromMs = Date.now();
      played.get(lane.name)?.push(await playRound(lane.ask, lane.mac, sizes));
      if (lane.name === 'yurtlb') whileAsked.push(alarms(logLines(stage), fromMs, Date.now()));
    }
  }
  const firsts = lanes.map(({ name }) => ({ name, figures: overRounds((played.get(name) ?? []).slice(0, 1)) }));
  const counted = lanes.map(({ name }) => ({ name, figures: overRounds((played.get(name) ?? []).slice(1)) }));
  const during = sumOfAlarms(whileAsked);
  const ever = alarms(logLines(stage), startedMs, Date.now());
  say(`\nThe first round, before anything was warm:\n${markdown(firsts)}`);
  say(
    `\nMedians of ${rounds} rounds after it (p50 / p99 in µs; paced: ${PAUSE_US} µs after each answer):\n${markdown(counted)}\n`,
  );
  for (const line of verdicts(counted)) say(line);
  say(`our three speakers while ours were asked and flooded (${rounds + 1} rounds): ${alarmLine(during)}`);
  say(`the same over the whole run, the others' floods on these cores included: ${alarmLine(ever)}`);
  for (const line of alarmLines(logLines(stage), startedMs, Date.now()).slice(0, MOST_LINES)) say(line);
  say(machineLine());
  return { figures: figuresOf(counted, during, ever) };
}

function logLines(stage: Stage): string[] {
  const files = readdirSync(stage.dir).filter((file) => file.startsWith('speaker-') && file.endsWith('.log'));
  return files.flatMap((file) => readFileSync(join(stage.dir, file), 'utf8').split('\n'));
}
