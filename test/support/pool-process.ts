import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { SiteConfig } from '@openyurt/nodepool-types';
import { childProgram } from './child-program.ts';
import type { SiteNode } from './netns/plan.ts';
import type { Site } from './netns/site.ts';
import { until } from './until.ts';

export interface PoolEvent {
  /** Monotonic ms of the machine: comparable between processes. */
  readonly atMs: number;
  readonly event: 'started' | 'announce' | 'withdraw' | 'members' | 'counts' | 'recorded';
  readonly address?: string;
  readonly reason?: string;
  readonly alive?: number;
  /** What was dropped or noted, by reason. */
  readonly counts?: Readonly<Record<string, number>>;
  /** Since the last time it was asked: the most CPU time it took from one visit to its timers to the next. */
  readonly longestTurnMs?: number;
  /** And the longest time between two such visits. */
  readonly longestGapMs?: number;
  /** After a garbage collection. */
  readonly rssBytes?: number;
  /** Datagrams as hex, the newest last. */
  readonly recorded?: readonly string[];
}

export interface PoolProcessOptions {
  /** false: the members do not know each other's addresses and must meet by multicast */
  readonly named?: boolean;
  /** The addresses of a node's link, the one that the Node list has first; default: its IPv4 one. */
  readonly ipsOf?: (node: SiteNode) => readonly string[];
  readonly site?: Partial<SiteConfig>;
  /** `ID=HEX,...` */
  readonly keys?: string;
}

/** A pool-member.ts in a node's namespace, and what it said. */
export class PoolProcess {
  readonly events: PoolEvent[] = [];
  readonly answers = new Set<string>();
  alive = 0;
  readonly exited: Promise<unknown>;

  private constructor(
    readonly node: string,
    readonly child: ChildProcess,
  ) {
    this.exited = new Promise((resolve) => child.once('exit', resolve));
    if (child.stdout === null) throw new Error('no standard output');
    createInterface({ input: child.stdout }).on('line', (line) => this.hear(JSON.parse(line) as PoolEvent));
  }

  static start(
    site: Site,
    pool: string,
    node: string,
    addresses: readonly string[],
    { named = true, ipsOf = ({ lanIp }) => [lanIp], site: config = {}, keys }: PoolProcessOptions = {},
  ): PoolProcess {
    const { ns } = site.node(node);
    const peers = site.pool(pool).nodes.map((peer) => `${peer.name}=${named ? ipsOf(peer)[0] : ''}`);
    const args = [
      '--expose-gc',
      ...childProgram('pool-member'),
      node,
      ipsOf(site.node(node)).join(','),
      peers.join(','),
      ...addresses,
    ];
    const env = {
      ...process.env,
      POOL_SITE: JSON.stringify(config),
      ...(keys === undefined ? {} : { POOL_KEYS: keys }),
    };
    return new PoolProcess(node, site.spawn(ns, process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'], env }));
  }

  /** `keys ID=HEX,...`, `offer ADDRESS,...`, `drain true`; `counts` and `recorded` are answered by the event of that name. */
  tell(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  /** When it last announced `address` after `sinceMs`, if it did. */
  announcedMs(address: string, sinceMs: number): number | undefined {
    return this.events.find((e) => e.event === 'announce' && e.address === address && e.atMs >= sinceMs)?.atMs;
  }

  withdrawnMs(address: string, sinceMs: number): number | undefined {
    return this.events.find((e) => e.event === 'withdraw' && e.address === address && e.atMs >= sinceMs)?.atMs;
  }

  /** Tells the word, and resolves with the event it is answered by. */
  async ask(word: 'counts' | 'recorded'): Promise<PoolEvent> {
    const seen = this.events.length;
    this.tell(word);
    const answer = () => this.events.slice(seen).find(({ event }) => event === word);
    await until(`${this.node} says its ${word}`, () => answer() !== undefined);
    return answer() as PoolEvent;
  }

  private hear(event: PoolEvent): void {
    this.events.push(event);
    if (event.event === 'announce') this.answers.add(event.address ?? '');
    if (event.event === 'withdraw') this.answers.delete(event.address ?? '');
    if (event.event === 'members') this.alive = event.alive ?? 0;
  }
}
