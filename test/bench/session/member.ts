import { readFileSync } from 'node:fs';

/** What one member cost over a stretch of time. */
export interface AtRest {
  /** Of one core. */
  readonly cpuPercent: number;
  /** Packets in and out on the LAN's interface: heartbeats, hellos, TCP with its acknowledgements. */
  readonly messagesPerSecond: number;
  readonly rssMb: number;
  /** Private pages: what one more member costs the machine, where programs share the pages of node itself. */
  readonly unsharedMb: number;
}

/** USER_HZ: 100 on every Linux that node runs on. */
const TICK_MS = 10;

/** A speaker's process, read off in /proc. */
export class Member {
  private from = { atMs: 0, cpuMs: 0, packets: 0 };

  constructor(private readonly pid: number) {}

  begin(): void {
    this.from = this.now();
  }

  end(): AtRest {
    const { atMs, cpuMs, packets } = this.now();
    const ms = atMs - this.from.atMs;
    return {
      cpuPercent: ((cpuMs - this.from.cpuMs) / ms) * 100,
      messagesPerSecond: ((packets - this.from.packets) / ms) * 1000,
      rssMb: this.kb('status', 'VmRSS') / 1024,
      unsharedMb: (this.kb('smaps_rollup', 'Private_Clean') + this.kb('smaps_rollup', 'Private_Dirty')) / 1024,
    };
  }

  /** CPU time since the start of the process, all threads, user and system. */
  cpuMs(): number {
    // proc(5): the fields after the name in brackets begin with state; utime and stime are the 12th and 13th of them.
    const fields = this.read('stat').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  }

  private now(): { atMs: number; cpuMs: number; packets: number } {
    return { atMs: performance.now(), cpuMs: this.cpuMs(), packets: this.packets() };
  }

  /** Of the process's own network namespace. Columns 2 and 10 of eth0's line: packets received and sent. */
  private packets(): number {
    const line = /^\s*eth0:(.*)$/m.exec(this.read('net/dev'))?.[1] ?? '';
    const columns = line.trim().split(/\s+/).map(Number);
    return (columns[1] ?? 0) + (columns[9] ?? 0);
  }

  private kb(file: string, name: string): number {
    return Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(this.read(file))?.[1] ?? 0);
  }

  private read(file: string): string {
    return readFileSync(`/proc/${this.pid}/${file}`, 'utf8');
  }
}
