import type {
  BoundPorts,
  ChannelEvents,
  Endpoint,
  PeerChannel,
  PeerSocket,
  PeerSocketHandlers,
  PskCredential,
} from '../../edge-speaker/src/ports/peer-socket.ts';
import { seeded, VirtualTime } from './virtual-time.ts';

export interface LanOptions {
  readonly seed: number;
  /** Part of the datagrams that are lost, and of the first packets of a dial. */
  readonly loss: number;
  readonly delayMs: readonly [min: number, max: number];
}

const PORT = 10373;
const RETRANSMIT_MS = 200;

/**
 * A LAN in memory, in virtual time: datagrams with loss and delay, connections as TCP would have them (in order, sent
 * again across a cut, ended or refused by a dead process, silent from a stopped one), and partitions.
 */
export class PoolLan {
  readonly time = new VirtualTime();
  readonly random: () => number;
  /** May be changed at any time. */
  loss: number;
  readonly hosts = new Map<string, LanHost>();
  private readonly parts = new Map<string, number>();

  constructor(readonly options: LanOptions) {
    this.random = seeded(options.seed);
    this.loss = options.loss;
  }

  /** A process on the host with this address. The one before it must be dead. */
  boot(address: string): LanHost {
    const host = new LanHost(this, address);
    this.hosts.set(address, host);
    return host;
  }

  /** Hosts in one part reach each other; those not named are in part 0. */
  partition(parts: ReadonlyMap<string, number>): void {
    this.parts.clear();
    for (const [address, part] of parts) this.parts.set(address, part);
  }

  partOf(address: string): number {
    return this.parts.get(address) ?? 0;
  }

  reaches(a: string, b: string): boolean {
    return this.partOf(a) === this.partOf(b);
  }

  delayMs(): number {
    const [min, max] = this.options.delayMs;
    return min + this.random() * (max - min);
  }

  lost(): boolean {
    return this.random() < this.loss;
  }
}

/** One process with its sockets. `kill` is SIGKILL, `stop` and `go` are SIGSTOP and SIGCONT. */
export class LanHost implements PeerSocket {
  handlers: PeerSocketHandlers | undefined;
  alive = true;
  stopped = false;
  private readonly ends = new Set<End>();
  private waiting: (() => void)[] = [];

  constructor(
    readonly lan: PoolLan,
    readonly address: string,
  ) {}

  /** Timers of this process: late while it is stopped, and first when it goes on. */
  readonly timers = {
    after: (ms: number, run: () => void) =>
      this.lan.time.after(ms, () => {
        if (this.stopped) this.waiting.unshift(run);
        else if (this.alive) run();
      }),
  };

  kill(): void {
    this.alive = false;
    this.handlers = undefined;
    for (const end of this.ends) end.die();
    this.ends.clear();
  }

  stop(): void {
    this.stopped = true;
  }

  go(): void {
    this.stopped = false;
    const { waiting } = this;
    this.waiting = [];
    for (const run of waiting) if (this.alive) run();
  }

  /** Runs in this process, when it runs. */
  deliver(run: () => void): void {
    if (this.stopped) this.waiting.push(run);
    else if (this.alive) run();
  }

  async open(handlers: PeerSocketHandlers): Promise<BoundPorts> {
    this.handlers = handlers;
    return { udp: PORT, tcp: PORT, deaf: false };
  }

  setLinks(): void {}

  sendTo(bytes: Buffer, to: Endpoint): void {
    const { lan } = this;
    if (lan.lost()) return;
    lan.time.after(lan.delayMs(), () => {
      const host = lan.hosts.get(to.address);
      if (host === undefined || !lan.reaches(this.address, to.address)) return;
      host.deliver(() => host.handlers?.datagram(bytes, { address: this.address, port: PORT }));
    });
  }

  sendToGroup(bytes: Buffer): void {
    for (const address of this.lan.hosts.keys()) {
      if (address !== this.address) this.sendTo(bytes, { address, port: PORT });
    }
  }

  dial(to: Endpoint, credential: PskCredential, events: ChannelEvents): PeerChannel {
    const { lan } = this;
    const mine = new End(this, to);
    this.ends.add(mine);
    mine.events = events;
    const rtt = lan.delayMs() + lan.delayMs();
    if (lan.lost()) return mine; // the SYN; the dialer gives up before the next one
    lan.time.after(rtt, () => {
      const host = lan.hosts.get(to.address);
      if (host === undefined || !lan.reaches(this.address, to.address)) return;
      if (!host.alive || to.port !== PORT) return this.deliver(() => mine.fall('refused'));
      const theirs = new End(host, { address: this.address, port: 40_000 });
      host.ends.add(theirs);
      mine.other = theirs;
      theirs.other = mine;
      host.deliver(() => this.accept(host, theirs, mine, credential));
    });
    return mine;
  }

  async close(): Promise<void> {
    this.kill();
  }

  /** The handshake, in the accepting process. */
  private accept(host: LanHost, theirs: End, mine: End, { identity, psk }: PskCredential): void {
    if (theirs.over) return;
    if (!host.handlers?.pskOf(identity)?.equals(psk)) {
      mine.later(() => mine.fall('handshake'));
      return;
    }
    mine.later(() => mine.up(identity));
    const events = host.handlers.accepted(theirs, identity);
    if (events === undefined) theirs.destroy();
    else theirs.events = { ...events, up: () => {} };
  }
}

/** One end of a connection. */
class End implements PeerChannel {
  events: ChannelEvents | undefined;
  other: End | undefined;
  over = false;
  private busyUntilMs = 0;
  private readonly queue: (() => void)[] = [];

  constructor(
    private readonly host: LanHost,
    readonly remote: Endpoint,
  ) {}

  send(bytes: Buffer): void {
    const { other } = this;
    if (!this.over && other !== undefined) other.later(() => other.over || other.events?.data(bytes));
  }

  end(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.over) return;
    this.over = true;
    const { other } = this;
    other?.later(() => other.fall('ended'));
  }

  /** Its process is killed: the kernel says so to the other side. */
  die(): void {
    this.destroy();
  }

  up(identity: string): void {
    if (!this.over) this.events?.up(identity);
  }

  fall(how: 'ended' | 'refused' | 'handshake'): void {
    if (this.over) return;
    this.over = true;
    this.events?.down(how);
  }

  /** Arrives here in order; what a cut holds back is sent again until it comes through. */
  later(run: () => void): void {
    const { lan } = this.host;
    const nowMs = lan.time.monotonicMs();
    this.busyUntilMs = Math.max(this.busyUntilMs, nowMs + lan.delayMs() + (lan.lost() ? RETRANSMIT_MS : 0));
    this.queue.push(run);
    lan.time.after(this.busyUntilMs - nowMs, () => this.arrive());
  }

  /** One event a packet: each delivers the oldest, whichever packet it was made for. */
  private arrive(): void {
    const { lan } = this.host;
    if (!lan.reaches(this.host.address, this.remote.address)) {
      lan.time.after(RETRANSMIT_MS, () => this.arrive());
      return;
    }
    const run = this.queue.shift();
    if (run !== undefined) this.host.deliver(run);
  }
}
