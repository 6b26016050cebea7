import { setTimeout as sleep } from 'node:timers/promises';
import { type Arena, countsOf, eventsOf, metricsOf, quietCounts } from './arena.ts';
import { type Lags, lagsOf } from './lags.ts';
import { cpuMsOf, type Memory, memoryOf } from './process.ts';
import { since } from './server-counts.ts';

const SETTLE_MS = 20_000;
/** After that, before memory is read. */
const REST_MS = 3000;

/** What it took to bring so many Services to their addresses, beside those that had theirs. */
export interface Step {
  /** Services after it, and before. */
  readonly to: number;
  readonly from: number;
  readonly lags: Lags;
  /** For each Service that came: CPU time of the allocator and of the API server, ms; writes that succeeded. */
  readonly perService: {
    readonly cpuMs: number;
    readonly serverCpuMs: number;
    readonly statusWrites: number;
    readonly events: number;
  };
  /** Status writes that were refused, somebody else having been first. */
  readonly conflicts: number;
  readonly memory: Memory;
  /** The allocator's metrics before and after. */
  readonly metrics: readonly [before: string, after: string];
}

export function nameOf(i: number): string {
  return `bulk-${String(i).padStart(5, '0')}`;
}

/** Creates Services up to `to` over so many connections at a time, and waits for their addresses. */
export async function grow(
  arena: Arena,
  { from, to, connections }: { from: number; to: number; connections: number },
  tell: (created: number, addressed: number) => void,
): Promise<Step> {
  const { allocator, client, deadlineMs } = arena;
  const { pid, service, entries } = allocator;
  const names = Array.from({ length: to - from }, (_, i) => nameOf(from + i + 1));
  const [before, metricsBefore, cpuBefore] = [await countsOf(arena), await metricsOf(arena), cpuMsOf(pid)];
  const eventsBefore = await eventsOf(arena);
  const bulk = await client.create(service, names, { connections, entries, deadlineMs, tell });
  const counts = since(before, await quietCounts(arena, SETTLE_MS));
  const cpuMs = cpuMsOf(pid) - cpuBefore;
  const events = await eventsOf(arena);
  await sleep(REST_MS);
  const made = Math.max(1, bulk.created.size);
  return {
    from,
    to: from + bulk.created.size,
    lags: lagsOf(bulk, names.length),
    perService: {
      cpuMs: cpuMs / made,
      serverCpuMs: counts.cpuMs / made,
      statusWrites: counts.statusWrites / made,
      events: (events - eventsBefore) / made,
    },
    conflicts: counts.conflicts,
    memory: memoryOf(pid),
    metrics: [metricsBefore, await metricsOf(arena)],
  };
}
