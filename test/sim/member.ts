import { createHash } from 'node:crypto';
import { type Log, type SiteConfig, silentLog } from '@openyurt/nodepool-types';
import { type OfferItem, sameItem } from '../../edge-speaker/src/election/offer.ts';
import { PoolSession } from '../../edge-speaker/src/pool-session.ts';
import type { RawPoolKey } from '../../edge-speaker/src/ports/pool-key-source.ts';
import { CloudView } from './cloud.ts';
import { type Lan, type Machine, PORT } from './lan.ts';
import { Process } from './process.ts';

export function testKey(serial: number): RawPoolKey {
  return { id: `key-${serial}`, secret: Buffer.alloc(32, serial) };
}

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
  private keys: readonly RawPoolKey[] = [];
  private onKeys = (): void => {};
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

  boot(
    site: SiteConfig,
    keys: readonly RawPoolKey[],
    members: readonly { node: string; addresses: readonly string[] }[],
    tracing: boolean,
  ): void {
    const { lan, node } = this;
    const process = new Process(lan, this.machine);
    this.process = process;
    this.machine.process = process;
    this.answers.clear();
    this.leaving = false;
    this.keys = keys;
    this.bootedMs = lan.time.monotonicMs();
    this.view.restart();
    const guarded = (run: () => void) => {
      if (this.process === process && process.state === 'running') run();
    };
    const session = new PoolSession({
      node,
      nodePool: 'hangzhou',
      incarnation: BigInt(Math.floor(lan.random() * 2 ** 52)),
      keys: {
        current: () => this.keys,
        onChange: (run) => {
          this.onKeys = run;
          return () => {};
        },
      },
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
    this.lan.changed();
    this.alter(session, this);
    session.setMembers(members.filter((one) => one.node !== node));
    session.setDraining(this.draining);
    this.tellLinks();
    this.tellOffers();
    void session.start();
  }

  setKeys(keys: readonly RawPoolKey[]): void {
    this.keys = keys;
    this.onKeys();
  }

  /** All that its hub has to tell. */
  tellAll(site: SiteConfig, keys: readonly RawPoolKey[]): void {
    this.setKeys(keys);
    this.session?.setSite(site);
    this.session?.setDraining(this.draining);
    this.tellLinks();
    this.tellOffers();
  }

  tellLinks(): void {
    const { plugged, address, index } = this.machine;
    const mac = `02:00:00:00:${(index >> 8).toString(16).padStart(2, '0')}:${(index & 255).toString(16).padStart(2, '0')}`;
    this.session?.setLinks(plugged ? [{ name: 'eth0', mac, ips: [address] }] : []);
  }

  /** Without a link nothing can be answered, so nothing is offered. @returns the addresses of which something else is told */
  tellOffers(): string[] {
    const own = this.view.offers(this.machine.plugged ? this.able : new Set());
    const before = this.told;
    this.told = new Map(own.items.map((item) => [item.address, item]));
    this.toldMs = this.lan.time.monotonicMs();
    this.session?.setOffers(own);
    const gone = [...before.keys()].filter((address) => !this.told.has(address));
    const other = own.items.filter((item) => {
      const told = before.get(item.address);
      return told === undefined || !sameItem(item, told);
    });
    return [...gone, ...other.map(({ address }) => address)];
  }

  /** The process is no more. */
  fallSilent(): void {
    this.answers.clear();
    this.told = new Map();
    this.session = undefined;
    this.lan.changed();
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
