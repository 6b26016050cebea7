import { createHash } from 'node:crypto';
import { type Log, type SiteConfig, silentLog } from '@openyurt/nodepool-types';
import type { OfferItem } from '../../edge-speaker/src/election/offer.ts';
import { PoolSession } from '../../edge-speaker/src/pool-session.ts';
import type { RawPoolKey } from '../../edge-speaker/src/ports/pool-key-source.ts';
import { CloudView } from './cloud.ts';
import { type Lan, type Machine, PORT } from './lan.ts';
import { Process } from './process.ts';

export const TEST_KEY: RawPoolKey = { id: 'key-1', secret: Buffer.alloc(32, 7) };

/** What a member tells the watch, as it happens. */
export interface MemberEvents {
  announced(member: Member, address: string, probe: boolean): void;
  withdrew(member: Member, address: string, reason: string): void;
  noted(member: Member, text: string): void;
}

/** One node of the pool over its processes: what its disk keeps, and what its hub answers for right now. */
export class Member {
  readonly view = new CloudView();
  /** Addresses it could answer for. */
  readonly able = new Set<string>();
  /** What it last told its session, by address. */
  told: ReadonlyMap<string, OfferItem> = new Map();
  toldMs = 0;
  /** Address → since when. */
  readonly answers = new Map<string, number>();
  cloudConnected = true;
  leaving = false;
  draining = false;
  bootedMs = 0;
  session: PoolSession | undefined;
  process: Process | undefined;
  readonly counts = new Map<string, number>();
  private memory: readonly string[] = [];

  constructor(
    readonly index: number,
    readonly node: string,
    readonly machine: Machine,
    private readonly lan: Lan,
    private readonly on: MemberEvents,
    /** Another session than the product's, for the suite that tests this one. */
    private readonly alter: (session: PoolSession, member: Member) => void,
  ) {}

  get runs(): boolean {
    return this.process?.state === 'running' && this.session !== undefined;
  }

  /** On the LAN and running: what clients reach. */
  get isThere(): boolean {
    return this.runs && this.machine.powered && this.machine.plugged;
  }

  get lives(): boolean {
    return this.process?.alive === true;
  }

  /** Something its own hub does: now, or when the process goes on. */
  inProcess(run: () => void): void {
    const { process, session } = this;
    if (session === undefined) return;
    process?.deliver(() => {
      if (this.session === session) run();
    });
  }

  boot(site: SiteConfig, members: readonly { node: string; addresses: readonly string[] }[], tracing: boolean): void {
    const { lan, node } = this;
    const process = new Process(lan, this.machine);
    this.process = process;
    this.machine.process = process;
    this.answers.clear();
    this.leaving = false;
    this.bootedMs = lan.time.monotonicMs();
    this.view.restart();
    const guarded = (run: () => void) => {
      if (this.process === process && process.state === 'running') run();
    };
    const session = new PoolSession({
      node,
      nodePool: 'hangzhou',
      incarnation: BigInt(Math.floor(lan.random() * 2 ** 52)),
      keys: { current: () => [TEST_KEY], onChange: () => () => {} },
      socket: process,
      clock: process.clock,
      timers: process.timers,
      randomBytes: (size) => createHash('sha512').update(String(lan.random())).digest().subarray(0, size),
      log: tracing ? this.log() : silentLog,
      count: (reason) => this.counts.set(reason, (this.counts.get(reason) ?? 0) + 1),
      site,
      port: PORT,
      announcedBefore: this.memory,
      on: {
        announce: (address, { probe }) => guarded(() => this.announce(address, probe)),
        withdraw: (address, reason) => guarded(() => this.withdraw(address, reason)),
        changed: () => {},
        remember: (addresses) => {
          this.memory = addresses;
        },
      },
    });
    this.session = session;
    this.alter(session, this);
    session.setMembers(members.filter((one) => one.node !== node));
    session.setDraining(this.draining);
    this.tellLinks();
    this.tellOffers();
    void session.start();
  }

  tellLinks(): void {
    const { plugged, address, index } = this.machine;
    const mac = `02:00:00:00:${(index >> 8).toString(16).padStart(2, '0')}:${(index & 255).toString(16).padStart(2, '0')}`;
    this.session?.setLinks(plugged ? [{ name: 'eth0', mac, ip: address }] : []);
  }

  /** Without a link nothing can be answered, so nothing is offered. */
  tellOffers(): void {
    const own = this.view.offers(this.machine.plugged ? this.able : new Set());
    this.told = new Map(own.items.map((item) => [item.address, item]));
    this.toldMs = this.lan.time.monotonicMs();
    this.session?.setOffers(own);
  }

  /** The process is no more. */
  fallSilent(): void {
    this.answers.clear();
    this.told = new Map();
    this.session = undefined;
    this.leaving = false;
  }

  /** SIGTERM, until the process has ended. */
  async leave(): Promise<void> {
    const { session, process } = this;
    if (session === undefined || process === undefined) return;
    this.leaving = true;
    await session.leave('SIGTERM');
    if (this.session !== session) return;
    await session.close();
    for (const address of [...this.answers.keys()]) this.withdraw(address, 'exit');
    this.fallSilent();
  }

  private announce(address: string, probe: boolean): void {
    if (this.answers.has(address)) return; // said once more
    this.answers.set(address, this.lan.time.monotonicMs());
    this.on.announced(this, address, probe);
  }

  private withdraw(address: string, reason: string): void {
    if (this.answers.delete(address)) this.on.withdrew(this, address, reason);
  }

  private log(): Log {
    const say = (msg: string, fields?: unknown) => this.on.noted(this, `${msg} ${JSON.stringify(fields ?? {})}`);
    return { ...silentLog, info: say, warn: say, error: say };
  }
}
