import { parseArgs } from 'node:util';
import { ArpClient } from '../support/netns/arp-client.ts';
import { canMakeSites, reexecInUserNamespaceIfNeeded } from '../support/netns/enter.mjs';
import { Stage, serviceWithEndpoints } from '../support/stage.ts';
import { machineLine } from './failover/machine.ts';
import { progress, say } from './failover/progress.ts';
import { spread } from './failover/table.ts';
import type { BenchResult } from './main.ts';

const USAGE = `Usage: npm run bench -- coldstart [--runs 20] [--services 1,1000] [--json FILE]

A speaker is started with the cloud unreachable and no other member in sight. Measured is the time from the start of the
process to its first ARP answer, and to the answer for the last of all addresses that are asked for (20 of them, spread).`;

const POOL = 'shop';
const NODE = 'shop-a';
const TARGET_MS = 1000;
/** A LAN as sites have it holds 254 addresses; more lie behind the default route's link. */
const ASKED = 20;

interface Figures {
  readonly firstMs: number;
  readonly allMs: number;
}

export async function run(argv: readonly string[]): Promise<BenchResult> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      runs: { type: 'string', default: '20' },
      services: { type: 'string', default: '1,1000' },
      help: { type: 'boolean', default: false },
    },
  });
  const runs = Number(values.runs);
  const sizes = values.services.split(',').map(Number);
  if (values.help || !(runs >= 1) || sizes.some((size) => !(size >= 1 && size <= 60_000))) {
    console.log(USAGE);
    return { figures: {} };
  }
  await reexecInUserNamespaceIfNeeded();
  const can = canMakeSites();
  if (!can.ok) throw new Error(`${can.reason}. ${can.remedy}`);
  say(`${machineLine()}\n`);
  const figures: Record<string, number | string> = {};
  const rows: string[] = [];
  for (const services of sizes) {
    const all = await startAgainAndAgain(services, runs);
    for (const [what, values] of [
      ['first answer', spread(all.map(({ firstMs }) => firstMs))],
      ['all answered', spread(all.map(({ allMs }) => allMs))],
    ] as const) {
      rows.push(
        `| ${services} | ${what} | ${runs} | ${[values.min, values.median, values.max].join(' / ')} | < ${TARGET_MS} |`,
      );
      for (const [which, value] of Object.entries(values))
        figures[`${services} Services, ${what}: ${which}`] = value ?? 'never';
    }
  }
  say(
    `| Services | from process start to | runs | min / median / max, ms | target |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}`,
  );
  return { figures };
}

async function startAgainAndAgain(services: number, runs: number): Promise<Figures[]> {
  const addresses = Array.from({ length: services }, (_, i) => addressOf(i));
  const stage = await Stage.create({
    pools: [{ name: POOL, nodes: [NODE] }],
    addresses: 'address-pools: [{name: default, protocol: layer2, addresses: [10.77.0.0/16]}]\n',
    kube: false,
    prefix: 'ylc',
  });
  try {
    for (const [i, ip] of addresses.entries()) {
      const [service, slice] = serviceWithEndpoints(stage.site, { name: `shop-${i}`, port: 80, nodes: [NODE] });
      if (service === undefined || slice === undefined)
        throw new Error('a Service and its EndpointSlice were expected');
      const status = { loadBalancer: { ingress: [{ ip, hostname: POOL, ipMode: 'VIP' }] } };
      await stage.cloud.apply(Object.assign(service, { status }), slice);
      progress(`${i + 1} of ${services} Services made`);
    }
    const asked = addresses.filter((_, i) => i % Math.ceil(services / ASKED) === 0 || i === services - 1);
    const client = await ArpClient.start(stage.site, stage.site.pool(POOL).clientNs, asked, { intervalMs: 5 });
    await startOnce(stage, client, asked);
    await stage.stopSpeaker(NODE, 'SIGTERM'); // what it knows is on its disk now
    stage.site.cutCloud(NODE, { how: 'blackhole' });
    const all: Figures[] = [];
    while (all.length < runs) {
      await stage.stopSpeaker(NODE, 'SIGKILL');
      all.push(await startOnce(stage, client, asked));
      progress(`${services} Services: ${all.length} of ${runs} starts`);
    }
    await client.stop();
    return all;
  } finally {
    await stage.close();
  }
}

/** Starts the speaker and waits for every answer. */
async function startOnce(stage: Stage, client: ArpClient, asked: readonly string[]): Promise<Figures> {
  const sinceMs = Date.now();
  await stage.startSpeaker(NODE);
  const answers = await Promise.all(asked.map((ip) => client.answer(ip, { sinceMs, timeoutMs: 60_000 })));
  const took = answers.map(({ atMs }) => atMs - sinceMs);
  return { firstMs: Math.min(...took), allMs: Math.max(...took) };
}

/** Behind the default route's link: 10.77.x.y, without .0 and .255. */
function addressOf(i: number): string {
  return `10.77.${Math.floor(i / 254)}.${(i % 254) + 1}`;
}
