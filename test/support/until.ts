import { strict as assert } from 'node:assert';

/** Monotonic ms of the machine: comparable between processes. */
export const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Waits for a condition, asked every 2 ms. @throws AssertionError naming `what` */
export async function until(what: string, holds: () => boolean, withinMs = 10_000): Promise<void> {
  const endMs = nowMs() + withinMs;
  while (!holds()) {
    assert.ok(nowMs() < endMs, `not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
