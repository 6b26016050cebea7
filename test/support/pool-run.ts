import { createHash } from 'node:crypto';
import { DEFAULT_SITE_CONFIG, type Log, type SiteConfig, silentLog } from '@openyurt/nodepool-types';
import { type OfferItem, PoolSession } from '../../edge-speaker/src/pool-session.ts';
import type { RawPoolKey } from '../../edge-speaker/src/ports/pool-key-source.ts';
import { Lan, type Machine, PORT } from '../sim/lan.ts';
import { testKey } from '../sim/member.ts';
import { Process } from '../sim/process.ts';

export interface RunMember {
  readonly node: string;
  readonly address: string;
  host: Process;
  session: PoolSession;
  /** What its hub answers for, right now. */
  readonly answers: Set<string>;
  readonly told: string[];
  readonly counts: Map<string, number>;
  offers: OfferItem[];
  memory: readonly string[];
}

export interface RunOptions {
  readonly seed: number;
  /** Part of the packets that is lost. */
  readonly loss: number;
  readonly delayMs: readonly [min: number, max: number];
  readonly members: number;
  readonly addresses: readonly string[];
  readonly site?: SiteConfig;
  readonly log?: Log;
  readonly keys?: (node: string) => RawPoolKey[];
  /** Whether the hub of a node cannot announce what it was told to. */
  readonly refuses?: (node: string, address: string) => boolean;
}

/**
 * A pool of real PoolSessions over the simulator's LAN, driven step by step by a test. It measures and judges nothing: what may
 * never happen is the simulator's to say (test/sim).
 */
export class PoolRun {
  readonly lan: Lan;
  readonly members: RunMember[];
  /** Longest time an address went unanswered while a running process of the part offered it, and was answered twice. */
  longestNoneMs = 0;
  longestTwoMs = 0;
  private readonly parts = new Map<string, number>();
  private readonly since = new Map<string, { none: number | undefined; two: number | undefined }>();

  constructor(readonly options: RunOptions) {
    const { seed, loss, delayMs } = options;
    this.lan = new Lan(seed, { loss, delayMs, duplicates: 0, late: 0, multicast: true }, options.members);
    this.members = this.lan.machines.map((machine, i) => this.boot(`n${i}`, machine));
  }

  offer(address: string, rv = 10n): OfferItem {
    return { address, uids: [`uid-${address}`], rv, proven: true };
  }

  advance(ms: number): void {
    this.lan.time.advance(ms);
    this.look();
  }

  kill(member: RunMember): void {
    member.host.kill(0);
    member.answers.clear();
    this.look();
  }

  restart(member: RunMember): void {
    Object.assign(member, this.boot(member.node, member.host.machine, member));
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
    this.parts.clear();
    for (const [address, part] of parts) this.parts.set(address, part);
    this.lan.heal();
    for (const a of this.lan.machines) {
      for (const b of this.lan.machines)
        if (this.partOf(a.address) !== this.partOf(b.address)) this.lan.cut(a.index, b.index);
    }
    this.since.clear(); // other parts, other watches
    this.look();
  }

  /** Hosts in one part reach each other; those not named are in part 0. */
  private partOf(address: string): number {
    return this.parts.get(address) ?? 0;
  }

  /** A process without a session, on a host of its own. */
  stranger(): Process {
    return this.process(this.lan.addMachine());
  }

  /** Who answers for it among the running processes. */
  answering(address: string): string[] {
    return this.members.filter((m) => runs(m) && m.answers.has(address)).map((m) => m.node);
  }

  /** Keeps the watch: called at each change. */
  look(): void {
    const nowMs = this.lan.time.monotonicMs();
    const parts = new Set(this.members.map((m) => this.partOf(m.address)));
    for (const address of this.options.addresses) {
      for (const part of parts) {
        const here = this.members.filter((m) => runs(m) && this.partOf(m.address) === part);
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

  private process(machine: Machine): Process {
    this.lan.setPower(machine, true);
    machine.process = new Process(this.lan, machine);
    return machine.process;
  }

  private boot(node: string, machine: Machine, before?: RunMember): RunMember {
    const { lan, options } = this;
    const { address } = machine;
    const host = this.process(machine);
    const answers = new Set<string>();
    const told: string[] = [];
    const counts = before?.counts ?? new Map<string, number>();
    const keys = options.keys?.(node) ?? [testKey(1)];
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
        clock: host.clock,
        timers: host.timers,
        randomBytes: (size) => createHash('sha512').update(String(lan.random())).digest().subarray(0, size),
        log: options.log ?? silentLog,
        count: (reason) => counts.set(reason, (counts.get(reason) ?? 0) + 1),
        site: options.site ?? DEFAULT_SITE_CONFIG,
        port: PORT,
        announcedBefore: before?.memory ?? [],
        on: {
          announce: (a, { probe, resumed }) => {
            if (options.refuses?.(node, a)) member.session.claimFailed(a, 'no-link');
            else change(() => answers.add(a), `announce ${a}${probe ? ' probe' : ''}${resumed ? ' resumed' : ''}`);
          },
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
    session.setLinks([
      { name: 'eth0', mac: `02:00:00:00:00:${address.split('.')[3]?.padStart(2, '0')}`, ips: [address] },
    ]);
    session.setOffers({ items: member.offers, seenRv: 10n });
    void session.start();
    return member;
  }
}

function runs(member: RunMember): boolean {
  return member.host.state === 'running';
}
