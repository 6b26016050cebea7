import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '../../support/kube/wait-until.ts';
import type { Site } from '../../support/netns/site.ts';
import type { Stage } from '../../support/stage.ts';
import type { Contestant } from './contestant.ts';
import { Watch } from './watch.ts';

/** One MAC must have answered alone for so long before it counts as the owner. */
const ALONE_MS = 300;
/** The first time, when nobody knows yet who should: longer than any of them takes to find its pool. */
const FIRST_ALONE_MS = 3000;
const START_MS = 90_000;
const LOOK = { everyMs: 20 };

/** A contestant at work on a site, and a client that asks for one address of each node. */
export class Arena {
  private constructor(
    readonly site: Site,
    readonly contestant: Contestant,
    readonly watch: Watch,
    /** Address → node that answers for it when all are well. */
    readonly homes: ReadonlyMap<string, string>,
    private readonly macs: ReadonlyMap<string, string>,
  ) {}

  /** Waits until every address is answered by one node alone, and chooses one address for each node. */
  static async open(stage: Stage, contestant: Contestant): Promise<Arena> {
    const [pool] = stage.site.pools;
    if (pool === undefined) throw new Error('the site has no pool');
    const macs = new Map(pool.nodes.map(({ name }) => [name, stage.macOf(name)]));
    const first = await Watch.start(stage.site, pool.clientNs, contestant.addresses);
    const homes = new Map<string, string>();
    try {
      const settled = async () => {
        if (!contestant.addresses.every((ip) => first.answering(ip, FIRST_ALONE_MS).size === 1)) return false;
        return await contestant.agreed();
      };
      await waitUntil(`${contestant.name}: one answer for each address`, settled, {
        deadlineMs: START_MS,
        everyMs: 200,
      });
      for (const ip of contestant.addresses) {
        const [mac = ''] = first.answering(ip, ALONE_MS);
        const node = stage.nodeOfMac(pool.name, mac);
        if (node !== undefined && ![...homes.values()].includes(node)) homes.set(ip, node);
      }
    } finally {
      await first.stop();
    }
    const watch = await Watch.start(stage.site, pool.clientNs, [...homes.keys()]);
    return new Arena(stage.site, contestant, watch, homes, macs);
  }

  /** Nodes that own one of the watched addresses. */
  get owners(): readonly string[] {
    return [...this.homes.values()].sort();
  }

  macOf(node: string): string {
    return this.macs.get(node) ?? '';
  }

  addressOf(node: string): string {
    return [...this.homes].find(([, home]) => home === node)?.[0] ?? '';
  }

  /** @returns false where the homes do not answer alone, and agree, within the time */
  async settled(deadlineMs: number): Promise<boolean> {
    const homely = () =>
      [...this.homes].every(([ip, node]) => {
        const answering = this.watch.answering(ip, ALONE_MS);
        return answering.size === 1 && answering.has(this.macOf(node));
      });
    return this.within(async () => homely() && (await this.contestant.agreed()) && homely(), deadlineMs);
  }

  /** @returns false where nobody but `node` answers for its address within the time; else once one MAC answers alone */
  async takenOver(node: string, sinceMs: number, deadlineMs: number): Promise<boolean> {
    const ip = this.addressOf(node);
    const mac = this.macOf(node);
    const alone = async () =>
      this.watch.answeredByOther(ip, mac, sinceMs) && this.watch.answering(ip, ALONE_MS).size === 1;
    return this.within(alone, deadlineMs);
  }

  async close(): Promise<void> {
    await this.watch.stop();
    await this.contestant.close();
  }

  private async within(holds: () => Promise<boolean>, deadlineMs: number): Promise<boolean> {
    const untilMs = performance.now() + deadlineMs;
    while (!(await holds())) {
      if (performance.now() > untilMs) return false;
      await sleep(LOOK.everyMs);
    }
    return true;
  }
}
