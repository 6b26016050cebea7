import { setTimeout as sleep } from 'node:timers/promises';
import type { Allocator } from './allocator.ts';
import type { Client } from './client.ts';
import { type ServerCounts, serverCounts } from './server-counts.ts';

const LOOK_EVERY_MS = 500;
const QUIET_MS = 2000;

/** A control plane, one allocator on it, and a client beside it. */
export interface Arena {
  readonly allocator: Allocator;
  readonly client: Client;
  /** Of all phases that wait for the allocator, as `performance.now()` counts. */
  readonly deadlineMs: number;
}

/** @throws Error where its metrics cannot be read */
export async function countsOf({ client }: Pick<Arena, 'client'>): Promise<ServerCounts> {
  const text = await client.get('/metrics');
  if (text === undefined) throw new Error("the API server's metrics cannot be read");
  return serverCounts(text);
}

/** The allocator's metrics, or nothing while it does not serve them. */
export async function metricsOf({ client, allocator }: Arena): Promise<string> {
  return (await client.get(allocator.metrics)) ?? '';
}

/** How many Events of the allocator the API server has. */
export async function eventsOf({ client, allocator }: Arena): Promise<number> {
  const query = new URLSearchParams({ fieldSelector: `source=${allocator.eventSource}` });
  return (await client.versions(`/api/v1/events?${query}`)).size;
}

/** Looks again and again until what is seen stays the same for two seconds, or time is up. @returns what was seen last */
export async function untilQuiet<T>(
  look: () => Promise<T>,
  same: (a: T, b: T) => boolean,
  withinMs: number,
): Promise<T> {
  const giveUpMs = performance.now() + withinMs;
  let seen = await look();
  let sinceMs = performance.now();
  while (performance.now() - sinceMs < QUIET_MS && performance.now() < giveUpMs) {
    await sleep(LOOK_EVERY_MS);
    const now = await look();
    if (!same(seen, now)) sinceMs = performance.now();
    seen = now;
  }
  return seen;
}

/** What the API server has counted when nobody writes statuses and Events any more. */
export function quietCounts(arena: Arena, withinMs: number): Promise<ServerCounts> {
  const same = (a: ServerCounts, b: ServerCounts) => a.statusWrites === b.statusWrites && a.events === b.events;
  return untilQuiet(() => countsOf(arena), same, withinMs);
}
