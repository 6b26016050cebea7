import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { canMakeSites, reexecInUserNamespaceIfNeeded } from '../support/netns/enter.mjs';
import { Stage } from '../support/stage.ts';
import { machineLine } from './failover/machine.ts';
import { Ours } from './failover/ours.ts';
import { progress, say } from './failover/progress.ts';
import { spread } from './failover/table.ts';
import type { BenchResult } from './main.ts';
import { type AtRest, Member } from './session/member.ts';

const USAGE = 'Usage: npm run bench -- session [--members 3,10,50] [--seconds 20] [--json FILE]';

const SERVICES = 3;
const ADDRESSES = `address-pools:
- name: default
  protocol: layer2
  addresses: [192.168.10.220-192.168.10.239]
`;

const options = {
  members: { type: 'string', default: '3,10,50' },
  seconds: { type: 'string', default: '20' },
} as const;

/** What a member of a pool costs while nothing happens, for pools of several sizes: one real process for each member. */
export async function run(argv: readonly string[]): Promise<BenchResult> {
  const { values } = parseArgs({ args: [...argv], options });
  const sizes = values.members.split(',').map(Number);
  const seconds = Number(values.seconds);
  if (!sizes.every((size) => Number.isInteger(size) && size > 0 && size <= 180) || !(seconds > 0))
    throw new Error(USAGE);
  await reexecInUserNamespaceIfNeeded();
  const can = canMakeSites();
  if (!can.ok) throw new Error(`${can.reason}. ${can.remedy}`);
  if (!existsSync(new URL('../../edge-speaker/dist/speaker.mjs', import.meta.url)))
    throw new Error('run npm run build first');
  say(machineLine());
  const figures: Record<string, number> = {};
  const rows = [ROW];
  for (const wanted of sizes) {
    const [size, all] = await asManyAsItCarries(wanted, seconds);
    const shown = {
      cpu: all.map(({ cpuPercent }) => cpuPercent),
      messages: all.map(({ messagesPerSecond }) => messagesPerSecond),
      rss: all.map(({ rssMb }) => rssMb),
      heap: all.map(({ unsharedMb }) => unsharedMb),
    };
    for (const [figure, each] of Object.entries(shown)) {
      for (const [which, value] of Object.entries(spread(each)))
        figures[`${size} members: ${figure} ${which}`] = value ?? 0;
    }
    const total = all.reduce((sum, { cpuPercent }) => sum + cpuPercent, 0);
    figures[`${size} members: cpu of all`] = Math.round(total * 10) / 10;
    const cells = Object.values(shown).map((each) => {
      const { min, median, max } = spread(each.map((value) => value * 100));
      return [min, median, max].map((value) => ((value ?? 0) / 100).toPrecision(3)).join(' / ');
    });
    rows.push([`${size}`, ...cells, `${total.toFixed(0)} %`]);
    say(`${size} members: ${cells.join(', ')}`);
  }
  say(`\nmin / median / max over the members, ${seconds} s at rest, ${SERVICES} addresses`);
  for (const row of rows) say(`| ${row.join(' | ')} |`);
  say(machineLine());
  return { figures };
}

const ROW = [
  'members',
  'CPU of one core, %',
  'packets/s in and out',
  'RSS, MB',
  'of it not shared, MB',
  'CPU of all together',
];

/** @returns how many members stood, and their figures: fewer than wanted where this machine does not carry those */
async function asManyAsItCarries(wanted: number, seconds: number): Promise<[number, AtRest[]]> {
  for (let size = wanted; ; size = Math.floor(size * 0.6)) {
    try {
      return [size, await atRest(size, seconds)];
    } catch (error) {
      if (size <= 3) throw error;
      say(`${size} members are more than this machine carries: ${(error as Error).message}`);
    }
  }
}

async function atRest(size: number, seconds: number): Promise<AtRest[]> {
  const nodes = Array.from({ length: size }, (_, i) => `m${`${i + 1}`.padStart(2, '0')}`);
  progress(`${size} members: starting`);
  const pools = [{ name: 'shop', nodes }];
  const stage = await Stage.create({ pools, addresses: ADDRESSES, kube: false, prefix: 'bs' });
  let failed = true;
  try {
    const ours = await Ours.begin(stage, SERVICES, { pauseMs: size > 10 ? 300 : 0 });
    await ours.untilAgreed(90_000, (alive) => progress(`${size} members: ${alive} sessions stand`));
    const members = nodes.map((node) => new Member(ours.pidOf(node)));
    await quiet(members, (text) => progress(`${size} members: ${text}`));
    for (const member of members) member.begin();
    for (let left = seconds; left > 0; left--) {
      progress(`${size} members at rest: ${left} s to go`);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    const all = members.map((member) => member.end());
    await ours.untilAgreed(3000, () => {}); // a pool that lost members meanwhile was not at rest
    failed = false;
    await ours.close();
    return all;
  } finally {
    await stage.close({ keepLogs: failed });
    if (failed) say(`The programs' logs are kept in ${stage.dir}`);
  }
}

/** At rest is when the CPU time of a second is no more than that of the second before: start-up work has ended. */
async function quiet(members: readonly Member[], tell: (text: string) => void): Promise<void> {
  let before = Number.POSITIVE_INFINITY;
  for (let calm = 0; calm < 3; ) {
    const startMs = members.reduce((sum, member) => sum + member.cpuMs(), 0);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const spent = members.reduce((sum, member) => sum + member.cpuMs(), 0) - startMs;
    calm = spent <= before * 1.05 ? calm + 1 : 0;
    before = spent;
    tell(`waiting for rest, ${Math.round(spent)} ms of CPU in the last second`);
  }
}
