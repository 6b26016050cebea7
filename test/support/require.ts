/** Whether something a suite needs is there, or one sentence why not, with the remedy. */
export type Check = { ok: true } | { ok: false; reason: string };

/**
 * Skips the suite when what it needs is missing, and says why; under `REQUIRE_ALL=1` (CI) that is a failure.
 *
 * @throws Error with the reason when REQUIRE_ALL is 1
 */
export function skipUnless(ctx: Mocha.Context, check: Check): void {
  if (check.ok) return;
  if (process.env.REQUIRE_ALL === '1') throw new Error(`REQUIRE_ALL=1, but ${check.reason}`);
  console.log(`    skipped: ${check.reason}`);
  ctx.skip();
}
