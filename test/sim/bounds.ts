import { MISSED_HEARTBEATS } from '@openyurt/nodepool-types';
import { LATE_MS, type LanCharacter } from './lan.ts';

/** What of the pool's pace decides how long anything may take. */
export interface Pace {
  readonly heartbeatMs: number;
  readonly lan: LanCharacter;
  /** How late timers of a process are at most. */
  readonly slackMs: number;
}

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

  /** A new owner announces before the old one is silent: this long both do. Well below the 20 ms of design.md on a quick LAN. */
  get handOverMs(): number {
    return 3 + 4 * this.wayMs;
  }

  /** Silence until a member counts as dead: three missed heartbeats and half an interval, as design.md says. */
  get deadMs(): number {
    const { heartbeatMs, slackMs } = this.pace;
    return heartbeatMs * (MISSED_HEARTBEATS + 0.5) + this.wayMs + 2 * slackMs + 10;
  }

  /** A process is killed: its sockets close, it is dialed, the dial is refused. Lost packets leave it to the heartbeats. */
  killedMs(closeMs: number): number {
    if (this.pace.lan.loss > 0) return Math.max(this.deadMs, closeMs + this.deadMs);
    return closeMs + 8 * this.wayMs + 2 * this.pace.slackMs + 20;
  }

  /** From the start of a process, or of its link, until it may claim: the pool was heard, or patience ended. */
  get joinMs(): number {
    return this.deadMs + 1500 + this.deadMs;
  }

  /** A way opens: members that lost each other look for each other each 500 ms. */
  get foundMs(): number {
    return this.pace.lan.loss > 0 ? 4000 : 1000 + 10 * this.wayMs;
  }

  /**
   * Once a packet that names its sender was read: until one answers alone. A hello that comes within 100 ms of a dial that
   * was lost is not acted upon, so it is the next one's turn, 500 ms later.
   */
  get metMs(): number {
    return 100 + HELLO_AGAIN_MS + 10 * this.wayMs;
  }

  /** A stopped process goes on: it holds nothing until each member has echoed, or is known dead. */
  get awakeMs(): number {
    return this.deadMs + this.joinMs;
  }
}
