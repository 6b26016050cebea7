import { type Arena, countsOf, eventsOf, quietCounts } from './arena.ts';
import { NAMESPACE } from './client.ts';
import { type Memory, memoryOf } from './process.ts';
import { since } from './server-counts.ts';

const SERVICES = `/api/v1/namespaces/${NAMESPACE}/services`;
/** For the new Service's address, and for the writing to end. */
const ADDRESSED_MS = 60_000;
const SETTLE_MS = 60_000;

/** What a restart of the allocator cost. */
export interface Restart {
  readonly how: 'SIGTERM' | 'SIGKILL';
  readonly services: number;
  /** From the start of the new process until it leads; undefined where it does not say. */
  readonly leadsMs: number | undefined;
  /** From the same moment, when a Service was created too, until that had its addresses; undefined: not in time. */
  readonly addressedMs: number | undefined;
  /** Services, without that new one, whose resourceVersion is another one than before. */
  readonly changed: number;
  /** Writes that succeeded, those for the new Service included. */
  readonly statusWrites: number;
  readonly events: number;
  readonly memory: Memory;
}

/** Ends the allocator, starts it again, and creates one Service at that moment. */
export async function restart(arena: Arena, how: Restart['how'], name: string): Promise<Restart> {
  const { allocator, client } = arena;
  await allocator.stop(how);
  const versions = await client.versions(SERVICES);
  const [before, eventsBefore] = [await countsOf(arena), await eventsOf(arena)];
  const [startedMs, deadlineMs] = [Date.now(), performance.now() + ADDRESSED_MS];
  await allocator.start();
  const { created, addressed } = await client.create(allocator.service, [name], {
    entries: allocator.entries,
    deadlineMs,
  });
  if (created.size === 0) throw new Error(`the API did not create ${name} in time`);
  const counts = since(before, await quietCounts(arena, SETTLE_MS));
  const after = await client.versions(SERVICES);
  const leads = allocator.leadsSinceMs();
  const addressedAtMs = addressed.get(name);
  return {
    how,
    services: versions.size,
    leadsMs: leads === undefined ? undefined : leads - startedMs,
    addressedMs: addressedAtMs === undefined ? undefined : addressedAtMs - startedMs,
    changed: [...versions].filter(([one, version]) => after.get(one) !== version).length,
    statusWrites: counts.statusWrites,
    events: (await eventsOf(arena)) - eventsBefore,
    memory: memoryOf(allocator.pid),
  };
}
