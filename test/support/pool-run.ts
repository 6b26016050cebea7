import { createHash } from 'node:crypto';
import { DEFAULT_SITE_CONFIG, type Log, type SiteConfig, silentLog } from '@openyurt/nodepool-types';
import { type OfferItem, PoolSession } from '../../edge-speaker/src/pool-session.ts';
import type { RawPoolKey } from '../../edge-speaker/src/ports/pool-key-source.ts';
import { type LanHost, type LanOptions, PoolLan } from './pool-lan.ts';

export const TEST_KEY: RawPoolKey = { id: 'key-1', secret: Buffer.alloc(32, 7) };

export interface RunMember {
  readonly node: string;
  readonly address: string;
  host: LanHost;
  session: PoolSession;
  /** What its hub answers for, right now. */
  readonly answers: Set<string>;
  readonly told: string[];
  readonly counts: Map<string, number>;
  offers: OfferItem[];
  memory: readonly string[];
}

export interface RunOptions extends LanOptions {
  readonly members: number;
  readonly addresses: readonly string[];
  readonly site?: SiteConfig;
  readonly log?: Log;
  readonly keys?: (node: string) => RawPoolKey[];
}

/** A pool of real PoolSessions over a LAN in memory, and a watch over who answers for what. */
export class PoolRun {
  readonly lan: PoolLan;
  readonly members: RunMember[] = [];
  /** Longest time an address went unanswered while a running process of the part offered it, and was answered twice. */
  longestNoneMs = 0;
  longestTwoMs = 0;
  private readonly since = new Map<string, { none: number | undefined; two: number | undefined }>();

  constructor(readonly options: RunOptions) {
    this.lan = new PoolLan(options);
    for (let i = 0; i < options.members; i++) this.members.push(this.boot(`n${i}`, `10.0.0.${i + 1}`));
  }

  offer(address: string, rv = 10n): OfferItem {
    return { address, uids: [`uid-${address}`], rv, proven: true };
  }

  advance(ms: number): void {
    this.lan.time.advance(ms);
    this.look();
  }

  kill(member: RunMember): void {
    member.host.kill();
    member.answers.clear();
    this.look();
  }

  restart(member: RunMember): void {
    Object.assign(member, this.boot(member.node, member.address, member));
    this.look();
  }

  stop(member: RunMember): void {
    member.host.stop();
    this.look();
  }

  go(member: RunMember): void {
    member.host.go();
    this.look();
  }

  partition(parts: ReadonlyMap<string, number>): void {
    this.lan.partition(parts);
    this.since.clear(); // other parts, other watches
    this.look();
  }

  /** Who answers for it among the running processes. */
  answering(address: string): string[] {
    return this.members.filter((m) => runs(m) && m.answers.has(address)).map((m) => m.node);
  }

  /** Keeps the watch: called at each change. */
  look(): void {
    const nowMs = this.lan.time.monotonicMs();
    const parts = new Set(this.members.map((m) => this.lan.partOf(m.address)));
    for (const address of this.options.addresses) {
      for (const part of parts) {
        const here = this.members.filter((m) => runs(m) && this.lan.partOf(m.address) === part);
        const able = here.some((m) => m.offers.some((o) => o.address === address));
        const answering = here.filter((m) => m.answers.has(address)).length;
        const key = `${address} ${part}`;
        const watch = this.since.get(key) ?? { none: undefined, two: undefined };
        watch.none = able && answering === 0 ? (watch.none ?? nowMs) : undefined;
        watch.two = answering > 1 ? (watch.two ?? nowMs) : undefined;
        this.since.set(key, watch);
        if (watch.none !== undefined) this.longestNoneMs = Math.max(this.longestNoneMs, nowMs - watch.none);
        if (watch.two !== undefined) this.longestTwoMs = Math.max(this.longestTwoMs, nowMs - watch.two);
      }
    }
  }

  /** Ends the longest spans that are still open. */
  private closeSpans(): void {
    const nowMs = this.lan.time.monotonicMs();
    for (const { none, two } of this.since.values()) {
      if (none !== undefined) this.longestNoneMs = Math.max(this.longestNoneMs, nowMs - none);
      if (two !== undefined) this.longestTwoMs = Math.max(this.longestTwoMs, nowMs - two);
    }
  }

  private boot(node: string, address: string, before?: RunMember): RunMember {
    const { lan, options } = this;
    const host = lan.boot(address);
    const answers = new Set<string>();
    const told: string[] = [];
    const counts = before?.counts ?? new Map<string, number>();
    const keys = options.keys?.(node) ?? [TEST_KEY];
    const change = (run: () => void, what: string): void => {
      this.closeSpans();
      run();
      told.push(`${Math.round(lan.time.monotonicMs())} ${what}`);
      this.look();
    };
    const member: RunMember = {
      node,
      address,
      host,
      answers,
      told,
      counts,
      offers: before?.offers ?? options.addresses.map((a) => this.offer(a)),
      memory: before?.memory ?? [],
      session: new PoolSession({
        node,
        nodePool: 'hangzhou',
        incarnation: BigInt(Math.floor(lan.random() * 2 ** 52)),
        keys: { current: () => keys, onChange: () => () => {} },
        socket: host,
        clock: lan.time,
        timers: host.timers,
        randomBytes: (size) => createHash('sha512').update(String(lan.random())).digest().subarray(0, size),
        log: options.log ?? silentLog,
        count: (reason) => counts.set(reason, (counts.get(reason) ?? 0) + 1),
        site: options.site ?? DEFAULT_SITE_CONFIG,
        port: 10373,
        announcedBefore: before?.memory ?? [],
        on: {
          announce: (a, { probe }) => change(() => answers.add(a), `announce ${a}${probe ? ' probe' : ''}`),
          withdraw: (a, reason) => change(() => answers.delete(a), `withdraw ${a} ${reason}`),
          changed: () => {},
          remember: (addresses) => {
            member.memory = addresses;
          },
        },
      }),
    };
    const { session } = member;
    session.setMembers(
      Array.from({ length: options.members }, (_, i) => ({ node: `n${i}`, addresses: [`10.0.0.${i + 1}`] })),
    );
    session.setLinks([{ name: 'eth0', mac: `02:00:00:00:00:${address.split('.')[3]?.padStart(2, '0')}`, ip: address }]);
    session.setOffers({ items: member.offers, seenRv: 10n });
    void session.start();
    return member;
  }
}

function runs(member: RunMember): boolean {
  return member.host.alive && !member.host.stopped;
}
