import { setTimeout as sleep } from 'node:timers/promises';

/** How often to ask, and for how long. */
export interface Patience {
  readonly deadlineMs: number;
  readonly everyMs: number;
}

/**
 * Asks until the answer is true. An exception from `isTrue` ends the waiting at once.
 *
 * @throws Error that names `what` when the deadline passes
 */
export async function waitUntil(what: string, isTrue: () => Promise<boolean>, patience: Patience): Promise<void> {
  const deadline = performance.now() + patience.deadlineMs;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${patience.deadlineMs} ms`);
    await sleep(patience.everyMs);
  }
}
