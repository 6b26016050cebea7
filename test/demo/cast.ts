import { familyOf, type ServiceObject } from '@openyurt/nodepool-types';
import { waitUntil } from '../support/kube/wait-until.ts';
import { ArpClient, answerers, outages } from '../support/netns/arp-client.ts';
import type { Stage } from '../support/stage.ts';
import { columns, type Finding, StepFailed } from './timeline.ts';

/** The site of the story: two shops whose LANs use the same addresses, three nodes and two. */
export const POOLS = [
  { name: 'hangzhou', nodes: ['hz-a', 'hz-b', 'hz-c'], labels: { region: 'east' }, lan6: 'fd00:10' },
  { name: 'shanghai', nodes: ['sh-a', 'sh-b'], labels: { region: 'east' }, lan6: 'fd00:10' },
] as const;

export type PoolName = (typeof POOLS)[number]['name'];

export const ADDRESSES = `address-pools:
- name: default
  protocol: layer2
  addresses:
  - 192.168.10.240-192.168.10.250
  - fd00:10::240-fd00:10::250
`;

/** Short, so that the returns of the story are: the default is 5. */
export const MIN_READY_SECONDS = 1;
export const SITE = `minReadySeconds: ${MIN_READY_SECONDS}
`;

/** How long a step may wait for something that should happen at once; generous, since machines differ. */
export const PATIENCE = { deadlineMs: 20_000, everyMs: 20 };

/** One address of one Service in one NodePool. */
export interface Placed {
  readonly service: string;
  readonly pool: string;
  readonly ip: string;
}

/** What the Services' status says. */
export async function placed(stage: Stage): Promise<Placed[]> {
  const { items } = await stage.cloud.get<{ items: ServiceObject[] }>('/api/v1/namespaces/default/services');
  return items.flatMap((service) =>
    (service.status?.loadBalancer?.ingress ?? []).map(({ ip = '', hostname = '' }) => ({
      service: service.metadata.name ?? '',
      pool: hostname,
      ip,
    })),
  );
}

const FAMILIES = ['IPv4', 'IPv6'] as const;

/** The clients of both LANs, asking for addresses all the while; their log is the story's evidence. */
export class Witnesses {
  private readonly clients = new Map<string, ArpClient>();

  constructor(private readonly stage: Stage) {}

  /** Asks for these addresses from now on, each every 5 ms. */
  async watch(pool: string, addresses: readonly string[]): Promise<void> {
    const { site } = this.stage;
    for (const family of FAMILIES) {
      const asked = addresses.filter((ip) => familyOf(ip) === family);
      await this.clients.get(`${pool} ${family}`)?.stop();
      this.clients.delete(`${pool} ${family}`);
      if (asked.length === 0) continue;
      this.clients.set(`${pool} ${family}`, await ArpClient.start(site, site.pool(pool).clientNs, asked));
    }
  }

  /** Who asks for this address. */
  of(pool: string, ip: string): ArpClient {
    const client = this.clients.get(`${pool} ${familyOf(ip)}`);
    if (client === undefined) throw new Error(`nobody asks for ${ip} in ${pool}`);
    return client;
  }

  /** @returns the node that answers for the address at this moment */
  async announcer(pool: string, ip: string): Promise<string> {
    const { mac } = await this.of(pool, ip).answer(ip, { sinceMs: Date.now() });
    const node = this.stage.nodeOfMac(pool, mac);
    if (node === undefined) throw new StepFailed(`${ip} in ${pool} is answered by ${mac}, no node of the pool`);
    return node;
  }

  /** Resolves when a node answers for an address that was silent; the cloud may take its time to come back. */
  async untilAnswered(pool: string, ip: string, sinceMs: number): Promise<void> {
    await this.of(pool, ip).until(`an answer for ${ip}`, (line) => line.kind === 'answer' && line.address === ip, {
      sinceMs,
      timeoutMs: 2 * PATIENCE.deadlineMs,
    });
  }

  /** Resolves when the address is answered by another node than `before`. @returns who, and the outage in ms */
  async takenOver(pool: string, ip: string, before: string, sinceMs: number): Promise<{ node: string; ms: number }> {
    const old = this.stage.macOf(before);
    const client = this.of(pool, ip);
    await client.until(
      `another node than ${before} answering for ${ip}`,
      (line) => line.kind === 'answer' && line.address === ip && line.mac !== old,
      { sinceMs, timeoutMs: PATIENCE.deadlineMs },
    );
    const node = await this.announcer(pool, ip);
    const gaps = outages(client.log, 0).filter((gap) => gap.address === ip && gap.toMs > sinceMs);
    return { node, ms: Math.max(0, ...gaps.map(({ ms }) => ms)) };
  }

  /** All who answered for the address since then. */
  macsOf(pool: string, ip: string, sinceMs: number): Set<string> {
    const answers = this.of(pool, ip).log.filter(
      (line) => line.kind === 'answer' && line.address === ip && line.atMs >= sinceMs,
    );
    return new Set(answers.map((line) => (line.kind === 'answer' ? line.mac : '')));
  }

  /** The longest time without an answer for any address of the pool since then, and how often the answering MAC changed. */
  calm(
    pool: string,
    addresses: readonly string[],
    sinceMs: number,
  ): { longestMs: number; changes: number; answers: number } {
    const logs = [...new Set(addresses.map((ip) => this.of(pool, ip)))].map(({ log }) => log);
    const log = logs.flatMap((one) => one.filter(({ atMs, kind }) => atMs >= sinceMs || kind === 'start'));
    const gaps = outages(log, 0).filter(({ address }) => addresses.includes(address));
    const changes = addresses.map((ip) => Math.max(0, answerers(log, ip).length - 1)).reduce((a, b) => a + b, 0);
    const answers = log.filter((line) => line.kind === 'answer').length;
    return { longestMs: Math.max(0, ...gaps.map(({ ms }) => ms)), changes, answers };
  }

  async stop(): Promise<void> {
    await Promise.all([...this.clients.values()].map((client) => client.stop()));
  }
}

/** An announcer is settled when nobody else answered for so long: longer than `minReadySeconds` of the demo. */
const SETTLED_MS = 1500;

/** Resolves when each address has been answered by one MAC alone for a while. @throws StepFailed where one does not come to rest */
export async function settled(witnesses: Witnesses, all: readonly Placed[]): Promise<void> {
  const deadlineMs = Date.now() + PATIENCE.deadlineMs;
  for (;;) {
    const sinceMs = Date.now();
    for (const { pool, ip } of all) await witnesses.of(pool, ip).answer(ip, { sinceMs: sinceMs + SETTLED_MS });
    const restless = all.find(({ pool, ip }) => witnesses.macsOf(pool, ip, sinceMs).size !== 1);
    if (restless === undefined) return;
    const { pool, ip } = restless;
    if (Date.now() < deadlineMs) continue;
    throw new StepFailed(`${ip} in ${pool} is answered by ${[...witnesses.macsOf(pool, ip, sinceMs)].join(' and ')}`);
  }
}

/** Who answers for what, as a table; fails where an address does not come to rest at one MAC. */
export async function whoAnswers(stage: Stage, witnesses: Witnesses, all: readonly Placed[]): Promise<Finding> {
  await settled(witnesses, all);
  const rows = [['NODEPOOL', 'ADDRESS', 'SERVICE', 'ANSWERED BY', 'MAC']];
  for (const { pool, ip, service } of all) {
    const node = await witnesses.announcer(pool, ip);
    rows.push([pool, ip, service, node, stage.macOf(node)]);
  }
  return { said: 'each address is answered by exactly one node of its NodePool', detail: columns(rows) };
}

/** Waits until a NodePool's addresses stand in status as `holds` wants them. */
export async function untilPlaced(
  stage: Stage,
  what: string,
  holds: (all: readonly Placed[]) => boolean,
): Promise<Placed[]> {
  let last: Placed[] = [];
  try {
    const asked = async () => {
      last = await placed(stage);
      return holds(last);
    };
    await waitUntil(what, asked, PATIENCE);
  } catch (error) {
    throw new StepFailed([(error as Error).message, JSON.stringify(last), ...stage.problems()].join('\n'));
  }
  return last;
}
