import type { ChannelEvents, Endpoint, PeerChannel, PskCredential } from '../../edge-speaker/src/ports/peer-socket.ts';
import { type Machine, PORT, RETRANSMIT_MS } from './lan.ts';
import type { Process } from './process.ts';

const EPHEMERAL = 40_000;
const SYN_AGAIN_MS = 1000;
const GIVES_UP_MS = 15_000;

/** Starts a connection as TCP and TLS would: SYN, refusal by a kernel without that port, handshake. */
export function connect(from: Process, to: Endpoint, credential: PskCredential, events: ChannelEvents): PeerChannel {
  const mine = new Connection(from, to);
  mine.events = events;
  from.adopt(mine);
  syn(mine, to, credential, 0);
  return mine;
}

function syn(mine: Connection, to: Endpoint, credential: PskCredential, tries: number): void {
  const { lan, machine } = mine.process;
  const target = lan.machineAt(to.address);
  const lost = target !== undefined && lan.happens(2 * lan.character.loss);
  if (lost) lan.watch.heldUp(machine.index, target.index, lan.time.monotonicMs() + SYN_AGAIN_MS * 2 ** tries);
  lan.time.after(lan.delayMs() + lan.delayMs(), () => {
    if (mine.over) return;
    if (target === undefined || lost || !lan.reaches(machine, target)) {
      const waitMs = SYN_AGAIN_MS * 2 ** tries;
      if (waitMs < GIVES_UP_MS) lan.time.after(waitMs, () => mine.over || syn(mine, to, credential, tries + 1));
      return;
    }
    const there = target.process;
    // A kernel goes on dialing for a process that is stopped; that process meets nobody.
    if (there?.state === 'running' && mine.process.state === 'running') lan.watch.met(machine.index, target.index);
    if (there === undefined || there.state === 'dead' || to.port !== PORT)
      mine.process.deliver(() => mine.fall('refused'));
    else handshake(mine, there, credential);
  });
}

function handshake(mine: Connection, there: Process, { identity, psk }: PskCredential): void {
  const theirs = new Connection(there, { address: mine.process.machine.address, port: EPHEMERAL });
  there.adopt(theirs);
  mine.other = theirs;
  theirs.other = mine;
  theirs.later(() => {
    if (theirs.over) return;
    if (!there.handlers?.pskOf(identity)?.equals(psk)) {
      theirs.over = true;
      mine.later(() => mine.fall('handshake'));
      return;
    }
    mine.later(() => mine.up(identity));
    const events = there.handlers.accepted(theirs, identity);
    if (events === undefined) theirs.destroy();
    else theirs.events = { ...events, up: () => {} };
  });
}

/** One end of a connection: what comes to it comes in order, late where packets are lost or the way is cut. */
export class Connection implements PeerChannel {
  events: ChannelEvents | undefined;
  other: Connection | undefined;
  over = false;
  private gone = false;
  private readonly queue: { atMs: number; run: () => void }[] = [];
  private waiting = false;
  private tries = 0;
  private readyMs = 0;

  constructor(
    readonly process: Process,
    readonly remote: Endpoint,
  ) {}

  send(bytes: Buffer): void {
    this.process.sent.messages++;
    const { other } = this;
    if (this.over || other === undefined) return;
    other.later(() => {
      if (other.over)
        this.later(() => this.fall('ended')); // its kernel knows no such connection
      else other.events?.data(bytes);
    });
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

  /** Both ends are told that the other one ended it. */
  break(): void {
    const { other } = this;
    this.process.deliver(() => this.fall('ended'));
    other?.process.deliver(() => other.fall('ended'));
  }

  /** Without power nothing is said; who asks once it is back learns that the connection is no more. */
  vanish(): void {
    this.over = true;
    this.gone = true;
    this.queue.length = 0;
  }

  up(identity: string): void {
    if (!this.over) this.events?.up(identity);
  }

  fall(how: 'ended' | 'refused' | 'handshake'): void {
    if (this.over) return;
    this.over = true;
    this.events?.down(how);
  }

  /** Something is on its way to this end. */
  later(run: () => void): void {
    const { lan, machine } = this.process;
    const nowMs = lan.time.monotonicMs();
    let waitMs = lan.delayMs();
    for (let again = RETRANSMIT_MS; lan.happens(lan.character.loss); again *= 2) waitMs += again;
    this.readyMs = Math.max(this.readyMs, nowMs + waitMs);
    const from = this.sender();
    if (waitMs > RETRANSMIT_MS && from !== undefined) lan.watch.heldUp(from.index, machine.index, this.readyMs);
    this.queue.push({ atMs: this.readyMs, run });
    lan.time.after(this.readyMs - nowMs, () => {
      if (!this.waiting) this.pump();
    });
  }

  private sender(): Machine | undefined {
    return this.process.lan.machineAt(this.remote.address);
  }

  /** The oldest first. A way that is cut is tried again, less and less often. */
  private pump(): void {
    const { lan, machine } = this.process;
    const from = this.sender();
    if (from === undefined || !lan.reaches(from, machine)) {
      const waitMs = RETRANSMIT_MS * 2 ** this.tries++;
      this.waiting = waitMs < GIVES_UP_MS;
      if (this.waiting) lan.time.after(waitMs, () => this.pump());
      return;
    }
    this.waiting = false;
    this.tries = 0;
    if (this.gone) {
      this.queue.length = 0;
      const { other } = this;
      other?.later(() => other.fall('ended'));
      return;
    }
    const nowMs = lan.time.monotonicMs() + 1e-6;
    for (let next = this.queue[0]; next !== undefined && next.atMs <= nowMs; next = this.queue[0]) {
      this.queue.shift();
      this.process.deliver(next.run);
    }
  }
}
