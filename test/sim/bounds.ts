import { MISSED_HEARTBEATS } from '@openyurt/nodepool-types';
import { LATE_MS, type LanCharacter } from './lan.ts';

/** What of the pool's pace decides how long anything may take. */
export interface Pace {
  readonly heartbeatMs: number;
  readonly lan: LanCharacter;
  /** How late timers of a process are at most. */
  readonly slackMs: number;
  /** How many there are. */
  readonly addresses: number;
}

/** A member judges so many addresses in one turn of its loop, the next ones 1 ms later. */
const JUDGED_PER_TURN = 64;

/** How often a member that fell silent is sought by the keys of its session, in the first minute. */
const SOUGHT_EVERY_MS = 20;

/** How often a member that misses somebody says hello. */
const HELLO_AGAIN_MS = 500;

/**
 * How long each disturbance excuses the two faults, none answering and two answering, in milliseconds from the disturbance
 * on. Without an excuse nothing is forgiven but a hand-over. Lost packets excuse by themselves, as the LAN sees them.
 */
export class Bounds {
  /** One way through the LAN. */
  private readonly wayMs: number;

  constructor(private readonly pace: Pace) {
    this.wayMs = pace.lan.delayMs[1] + (pace.lan.late > 0 ? LATE_MS : 0);
  }

  /** From the first to the last of all addresses where they change hands at once. */
  get judgedMs(): number {
    const { addresses, slackMs } = this.pace;
    return (Math.ceil(addresses / JUDGED_PER_TURN) - 1) * (1 + slackMs);
  }

  /** What a member heard before may have spent this turn of its loop: it judges in the next one. */
  get turnMs(): number {
    return 2 + this.pace.slackMs;
  }

  /**
   * A new owner announces, and tells its claim a turn of its loop later, before the old one is silent: this long both do.
   * Well below the 20 ms of design.md on a quick LAN.
   */
  get handOverMs(): number {
    return 4 + 4 * this.wayMs + this.pace.slackMs + this.judgedMs;
  }

  /** Silence until a member counts as dead: three missed heartbeats and half an interval, as design.md says. */
  get deadMs(): number {
    const { heartbeatMs, slackMs } = this.pace;
    return heartbeatMs * (MISSED_HEARTBEATS + 0.5) + this.wayMs + 2 * slackMs + 10 + this.judgedMs;
  }

  /** A process is killed: its sockets close, it is dialed, the dial is refused. Lost packets leave it to the heartbeats. */
  killedMs(closeMs: number): number {
    if (this.pace.lan.loss > 0) return Math.max(this.deadMs, closeMs + this.deadMs);
    return closeMs + 8 * this.wayMs + 2 * this.pace.slackMs + 20 + this.judgedMs;
  }

  /** From the start of a process, or of its link, until it may claim: the pool was heard, or patience ended. */
  get joinMs(): number {
    return this.deadMs + 1500 + this.deadMs;
  }

  /**
   * A way opens between two processes that had a session when it closed: a heartbeat of the lapsed session comes through, and its
   * echo; what either claims since is told in a new session, dialed at once.
   */
  get againMs(): number {
    const { heartbeatMs, slackMs } = this.pace;
    return Math.min(SOUGHT_EVERY_MS, heartbeatMs) + 12 * this.wayMs + 4 * slackMs + 2 + this.judgedMs;
  }

  /** A way opens between others: they look for each other each 500 ms. */
  get foundMs(): number {
    return this.pace.lan.loss > 0 ? 4000 : 1000 + 10 * this.wayMs;
  }

  /**
   * Once a packet that names its sender was read: until one answers alone. A hello that comes within 100 ms of a dial that
   * was lost is not acted upon, so it is the next one's turn, 500 ms later.
   */
  get metMs(): number {
    return 100 + HELLO_AGAIN_MS + 10 * this.wayMs + this.judgedMs;
  }

  /** A stopped process goes on: it holds nothing until each member has echoed, or is known dead. */
  get awakeMs(): number {
    return this.deadMs + this.joinMs;
  }
}
