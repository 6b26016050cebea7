import type { Timers } from '@openyurt/nodepool-types';
import type {
  BoundPorts,
  ChannelEvents,
  Endpoint,
  PeerChannel,
  PeerSocket,
  PeerSocketHandlers,
  PskCredential,
} from '../../edge-speaker/src/ports/peer-socket.ts';
import { type Connection, connect } from './connection.ts';
import { type Lan, type Machine, PORT } from './lan.ts';

/** Datagrams that wait in a socket whose process is stopped: the kernel's default buffer holds about so many. */
const SOCKET_BUFFER = 256;
const HEARTBEAT = 2;

/** What a process sent, counted. */
export interface Sent {
  datagrams: number;
  messages: number;
}

export type ProcessState = 'running' | 'stopped' | 'frozen' | 'dying' | 'dead';

interface Timer {
  dueMs: number;
  run: () => void;
}

/**
 * One process with its sockets, clock and timers.
 * - stopped (SIGSTOP): timers are late, sockets fill, its clock goes on;
 * - frozen (the whole machine is suspended): its monotonic clock stands still, and so do its timers.
 */
export class Process implements PeerSocket {
  handlers: PeerSocketHandlers | undefined;
  readonly sent: Sent = { datagrams: 0, messages: 0 };
  /** How late its timers are at most, ms. */
  slackMs = 0;
  wallSkewMs = 0;
  private readonly connections = new Set<Connection>();
  private readonly lateTimers: Timer[] = [];
  private readonly inbox: (() => void)[] = [];
  private waitingDatagrams = 0;
  /** Its own clock is behind the LAN's by this: hosts start at different times, and suspended ones lose some. */
  private lostMs: number;
  private frozenAtMs = 0;
  private now: ProcessState = 'running';

  constructor(
    readonly lan: Lan,
    readonly machine: Machine,
  ) {
    this.lostMs = -lan.random() * 1e6;
  }

  readonly clock = {
    monotonicMs: () => (this.state === 'frozen' ? this.frozenAtMs : this.lan.time.monotonicMs()) - this.lostMs,
    wallMs: () => this.lan.time.wallMs() + this.wallSkewMs,
  };

  readonly timers: Timers = {
    after: (ms, run) => {
      const lateMs = this.slackMs === 0 ? 0 : this.lan.random() * this.slackMs;
      const timer: Timer = { dueMs: this.clock.monotonicMs() + ms + lateMs, run };
      this.arm(timer);
      return () => {
        timer.run = () => {};
      };
    },
  };

  get state(): ProcessState {
    return this.now;
  }

  private set state(state: ProcessState) {
    this.now = state;
    this.lan.changed();
  }

  get alive(): boolean {
    return this.state === 'running' || this.state === 'stopped' || this.state === 'frozen';
  }

  /** SIGKILL: it runs no more at once; its kernel closes the sockets a little later. */
  kill(closeMs: number): void {
    this.state = 'dying';
    this.handlers = undefined;
    this.lan.time.after(closeMs, () => this.closeSockets());
  }

  /** The machine lost its power: nobody says anything. */
  vanish(): void {
    this.state = 'dead';
    this.handlers = undefined;
    for (const connection of this.connections) connection.vanish();
    this.connections.clear();
  }

  stop(): void {
    this.state = 'stopped';
  }

  freeze(): void {
    this.frozenAtMs = this.lan.time.monotonicMs();
    this.state = 'frozen';
  }

  go(): void {
    if (this.state === 'frozen') this.lostMs += this.lan.time.monotonicMs() - this.frozenAtMs;
    this.state = 'running';
    const timers = this.lateTimers.splice(0);
    const inbox = this.inbox.splice(0);
    this.waitingDatagrams = 0;
    const readSockets = () => {
      for (const run of inbox) if (this.handlers !== undefined) run();
    };
    // The loop was stopped in its poll or before it: sockets are read first, or timers run first.
    const socketsFirst = this.lan.random() < 0.5;
    if (socketsFirst) readSockets();
    for (const timer of timers) this.fire(timer);
    if (!socketsFirst) readSockets();
  }

  /** Something comes from the LAN. */
  deliver(run: () => void): void {
    if (this.state === 'running') run();
    else if (this.state === 'stopped') this.inbox.push(run);
  }

  async open(handlers: PeerSocketHandlers): Promise<BoundPorts> {
    this.handlers = handlers;
    return { udp: PORT, tcp: PORT, deaf: false };
  }

  setLinks(): void {}

  sendTo(bytes: Buffer, to: Endpoint): void {
    this.sent.datagrams++;
    const machine = this.lan.machineAt(to.address);
    if (machine !== undefined && to.port === PORT) this.toward(machine, bytes, bytes[3] === HEARTBEAT ? 0 : 1);
  }

  sendToGroup(bytes: Buffer): void {
    this.sent.datagrams++;
    if (!this.lan.character.multicast) return;
    for (const machine of this.lan.machines)
      if (machine !== this.machine) this.toward(machine, bytes, bytes[3] === HEARTBEAT ? 2 : 3);
  }

  dial(to: Endpoint, credential: PskCredential, events: ChannelEvents): PeerChannel {
    return connect(this, to, credential, events);
  }

  /** Its connections with that host end, as by a forged reset. */
  breakWith(machine: Machine): void {
    for (const connection of this.connections) if (connection.remote.address === machine.address) connection.break();
  }

  adopt(connection: Connection): void {
    this.connections.add(connection);
  }

  async close(): Promise<void> {
    this.closeSockets();
  }

  private closeSockets(): void {
    if (this.state === 'dead') return;
    this.state = 'dead';
    this.handlers = undefined;
    for (const connection of this.connections) connection.destroy();
    this.connections.clear();
  }

  private toward(machine: Machine, bytes: Buffer, alike: number): void {
    this.lan.carry(this.machine, machine, alike, () => machine.process?.datagram(bytes, this.machine));
  }

  private datagram(bytes: Buffer, from: Machine): void {
    if (this.state === 'stopped' && ++this.waitingDatagrams > SOCKET_BUFFER) return;
    this.deliver(() => {
      if (bytes[3] !== HEARTBEAT) this.lan.watch.met(from.index, this.machine.index);
      this.handlers?.datagram(bytes, { address: from.address, port: PORT });
    });
  }

  private arm(timer: Timer): void {
    this.lan.time.after(timer.dueMs - this.clock.monotonicMs(), () => {
      if (this.state === 'running') this.fire(timer);
      else if (this.alive) this.lateTimers.push(timer);
    });
  }

  private fire(timer: Timer): void {
    if (this.clock.monotonicMs() < timer.dueMs - 1e-6) this.arm(timer);
    else timer.run();
  }
}
