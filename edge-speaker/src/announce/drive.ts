import type { Clock, Random, Timers } from '@openyurt/nodepool-types';
import type { Link } from '../ports/links.ts';
import {
  type AddressState,
  begin,
  type Effect,
  onConflict,
  onDue,
  onNewMac,
  onNewRefresh,
  onTakeOver,
  resume,
  type Step,
} from './address-machine.ts';
import { DueQueue } from './due-queue.ts';
import type { Timing } from './timing.ts';

/** An address, where it is announced, and how far. */
export interface Driven {
  readonly address: string;
  readonly link: Link;
  readonly state: AddressState;
}

/** Does what a machine asks for; called with the address already in its new state. */
export type RunEffect = (driven: Driven, effect: Effect) => void;

/** Addresses served in one turn of the loop: thousands may be due at once, and heartbeats come first. */
const ADDRESSES_PER_TURN = 64;
/** A timer as late as this says that the process stood still. */
const LATE_MS = 100;

/** Runs the machines of all addresses on one timer. The only file of this room with a clock. */
export class Drive {
  private readonly driven = new Map<string, Driven>();
  private readonly due = new DueQueue();
  private cancelTimer: (() => void) | undefined;
  private armedForMs = Number.POSITIVE_INFINITY;
  private waitsATurn = false;

  constructor(
    private readonly clock: Clock,
    private readonly timers: Timers,
    private readonly random: Random,
    private timing: Timing,
    private readonly run: RunEffect,
  ) {}

  /** For what is still to be scheduled, and, where the refresh is another one, for all that waits for it. */
  retime(timing: Timing): void {
    const before = this.timing;
    this.timing = timing;
    if (timing.refreshMs === before.refreshMs) return;
    const now = this.clock.monotonicMs();
    for (const driven of [...this.driven.values()]) {
      this.take(driven, onNewRefresh(driven.state, now, timing, this.random()));
    }
  }

  get(address: string): Driven | undefined {
    return this.driven.get(address);
  }

  all(): IterableIterator<Driven> {
    return this.driven.values();
  }

  /**
   * Starts an address. One that is announced is said again; one being probed is taken over at once unless `probe`.
   * @param quiet where it begins without a probe, it begins without a burst
   */
  start(address: string, link: Link, probe: boolean, quiet = false): void {
    const now = this.clock.monotonicMs();
    const driven = this.driven.get(address);
    if (driven === undefined)
      this.take(
        { address, link },
        quiet && !probe ? resume(now, this.timing, this.random()) : begin(probe, now, this.timing, this.random()),
      );
    else if (!probe || driven.state.kind === 'announced')
      this.take(driven, onTakeOver(driven.state, now, this.timing, this.random()));
  }

  stop(address: string): void {
    this.driven.delete(address);
    this.due.delete(address);
    this.arm();
  }

  conflict(address: string, byMac: string): void {
    const driven = this.driven.get(address);
    if (driven !== undefined)
      this.take(driven, onConflict(driven.state, byMac, this.clock.monotonicMs(), this.random()));
  }

  /** The link is the same with other properties; a new MAC is told to the LAN. */
  relink(address: string, link: Link): void {
    const driven = this.driven.get(address);
    if (driven === undefined) return;
    const moved = { ...driven, link };
    this.driven.set(address, moved);
    if (!link.mac.equals(driven.link.mac))
      this.take(moved, onNewMac(driven.state, this.clock.monotonicMs(), this.timing, this.random()));
  }

  close(): void {
    this.driven.clear();
    this.due.clear(); // it may be an effect that makes the hub close: no timer is set after it
    this.cancelTimer?.();
    this.cancelTimer = undefined;
  }

  private take({ address, link }: { address: string; link: Link }, step: Step): void {
    const driven: Driven = { address, link, state: step.state };
    this.driven.set(address, driven);
    this.due.set(address, step.state.dueMs);
    for (const effect of step.effects) {
      if (this.driven.get(address) !== driven) break; // an effect before made the hub withdraw it
      this.run(driven, effect);
    }
    this.arm();
  }

  private arm(): void {
    const nextMs = this.due.nextMs();
    if (nextMs === this.armedForMs && this.cancelTimer !== undefined) return;
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    this.armedForMs = nextMs;
    if (nextMs === Number.POSITIVE_INFINITY) return;
    this.cancelTimer = this.timers.after(Math.max(0, nextMs - this.clock.monotonicMs()), () => this.tick());
  }

  private tick(): void {
    this.cancelTimer = undefined;
    const now = this.clock.monotonicMs();
    // The session, which is told by a timer too, may have to take everything back before anything old is said.
    this.waitsATurn = !this.waitsATurn && now - this.armedForMs > LATE_MS;
    if (this.waitsATurn) {
      this.cancelTimer = this.timers.after(1, () => this.tick());
      return;
    }
    for (let served = 0; served < ADDRESSES_PER_TURN; served++) {
      const address = this.due.take(now);
      if (address === undefined) break;
      const driven = this.driven.get(address);
      if (driven !== undefined) this.take(driven, onDue(driven.state, now, this.timing, this.random()));
    }
    this.arm();
  }
}
