import { seeded, VirtualTime } from '../support/virtual-time.ts';
import type { Process } from './process.ts';

/** How a LAN treats its packets. */
export interface LanCharacter {
  /** Part of all packets that is lost; TCP's are sent again. */
  readonly loss: number;
  /** Part of the datagrams that comes twice. */
  readonly duplicates: number;
  /** Part of the datagrams that comes up to {@link LATE_MS} later, behind others sent after it. */
  readonly late: number;
  readonly delayMs: readonly [min: number, max: number];
  /** false: a switch filters the hello group. */
  readonly multicast: boolean;
}

export const LATE_MS = 20;
export const PORT = 10373;
/** The kernel's first wait before it sends a segment again; it doubles. */
export const RETRANSMIT_MS = 200;

/** What the LAN did that a member could not help; the watch excuses the two for it. */
export interface LanWatch {
  /** A packet that says who sent it was read. */
  met(from: number, to: number): void;
  /** So many datagrams in a row are lost on this way, of those alike. */
  lost(from: number, to: number, inRow: number): void;
  /** A segment of a connection, or a dial, comes through not before this time. */
  heldUp(a: number, b: number, untilMs: number): void;
}

/** One host of the LAN: its plug, its power and its process. */
export interface Machine {
  readonly index: number;
  readonly address: string;
  powered: boolean;
  plugged: boolean;
  process: Process | undefined;
}

/** A broadcast domain in memory, in virtual time: who reaches whom, and what becomes of packets. */
export class Lan {
  readonly time = new VirtualTime();
  readonly random: () => number;
  readonly machines: Machine[] = [];
  watch: LanWatch = { met: () => {}, lost: () => {}, heldUp: () => {} };
  /** Grows with each change of who reaches whom, and of which processes run. */
  version = 0;
  calm = false;
  private readonly byAddress = new Map<string, Machine>();
  private readonly cuts = new Set<number>();
  private readonly lostInRow = new Map<number, number>();

  constructor(
    seed: number,
    readonly character: LanCharacter,
    machines: number,
  ) {
    this.random = seeded(seed);
    for (let i = 0; i < machines; i++) this.addMachine();
  }

  /** 10.0.0.1, 10.0.0.2, … */
  addMachine(): Machine {
    const index = this.machines.length;
    const address = `10.0.${index >> 7}.${(index & 127) + 1}`;
    const machine: Machine = { index, address, powered: false, plugged: true, process: undefined };
    this.machines.push(machine);
    this.byAddress.set(address, machine);
    return machine;
  }

  machineAt(address: string): Machine | undefined {
    return this.byAddress.get(address);
  }

  /** Packets from the first come to the second. */
  carries(from: Machine, to: Machine): boolean {
    if (!from.powered || !from.plugged || !to.powered || !to.plugged) return false;
    return this.cuts.size === 0 || !this.cuts.has(this.way(from.index, to.index));
  }

  /** Both ways. */
  reaches(a: Machine, b: Machine): boolean {
    return this.carries(a, b) && this.carries(b, a);
  }

  cut(from: number, to: number): void {
    this.cuts.add(this.way(from, to));
    this.version++;
  }

  heal(): void {
    this.cuts.clear();
    this.version++;
  }

  changed(): void {
    this.version++;
  }

  isCut(from: number, to: number): boolean {
    return this.cuts.has(this.way(from, to));
  }

  setPlug(machine: Machine, plugged: boolean): void {
    machine.plugged = plugged;
    this.version++;
  }

  setPower(machine: Machine, powered: boolean): void {
    machine.powered = powered;
    this.version++;
  }

  delayMs(): number {
    const [min, max] = this.character.delayMs;
    return min + this.random() * (max - min);
  }

  happens(part: number): boolean {
    return part > 0 && !this.calm && this.random() < part;
  }

  /**
   * One datagram; `run` is its arrival at a process that may be anything but there.
   *
   * @param alike below 4; of others that come through nobody learns what was lost
   */
  carry(from: Machine, to: Machine, alike: number, run: () => void): void {
    const way = this.way(from.index, to.index) * 4 + alike;
    if (this.happens(this.character.loss)) {
      const inRow = (this.lostInRow.get(way) ?? 0) + 1;
      this.lostInRow.set(way, inRow);
      this.watch.lost(from.index, to.index, inRow);
      return;
    }
    if (this.character.loss > 0) this.lostInRow.delete(way);
    this.arrive(from, to, run);
    if (this.happens(this.character.duplicates)) this.arrive(from, to, run);
  }

  private arrive(from: Machine, to: Machine, run: () => void): void {
    const lateMs = this.happens(this.character.late) ? this.random() * LATE_MS : 0;
    this.time.after(this.delayMs() + lateMs, () => {
      if (this.carries(from, to)) run();
    });
  }

  private way(from: number, to: number): number {
    return from * 1024 + to;
  }
}
