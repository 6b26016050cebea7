import { readFileSync } from 'node:fs';

/** USER_HZ: 100 on every Linux that node runs on. */
const TICK_MS = 10;

/** Memory of a process, MB: now, and the most it ever was. */
export interface Memory {
  readonly rssMb: number;
  readonly peakMb: number;
}

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mb = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1] ?? 0) / 1024;
  return { rssMb: mb('VmRSS'), peakMb: mb('VmHWM') };
}

/** CPU time since the start of the process, all threads, user and system. */
export function cpuMsOf(pid: number): number {
  // proc(5): the fields after the name in brackets begin with state; utime and stime are the 12th and 13th of them.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
