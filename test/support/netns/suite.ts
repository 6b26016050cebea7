import { canMakeSites } from './enter.mjs';

/** For `before` of a netns suite: skips it, saying why, where no site can stand; with REQUIRE_ALL=1 that is a failure. */
export function needSites(context: Mocha.Context): void {
  const can = canMakeSites();
  if (can.ok) return;
  const why = `${can.reason}. ${can.remedy}`;
  if (process.env.REQUIRE_ALL === '1') throw new Error(why);
  console.log(`      skipped: ${why}`);
  context.skip();
}
