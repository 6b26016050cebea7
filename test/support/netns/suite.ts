import { spawnSync } from 'node:child_process';
import { canMakeSites } from './enter.mjs';

/** For `before` of a netns suite: skips it, saying why, where no site can stand; with REQUIRE_ALL=1 that is a failure. */
export function needSites(context: Mocha.Context): void {
  const can = canMakeSites();
  if (!can.ok) skip(context, `${can.reason}. ${can.remedy}`);
}

/** The same for a command that a suite runs as a client. @param debian the package that has it */
export function needCommand(context: Mocha.Context, command: string, debian: string): void {
  const { error } = spawnSync(command, ['--version'], { stdio: 'ignore' });
  if (error !== undefined) skip(context, `the command ${command} is missing. Run: apt-get install -y ${debian}`);
}

function skip(context: Mocha.Context, why: string): void {
  if (process.env.REQUIRE_ALL === '1') throw new Error(why);
  console.log(`      skipped: ${why}`);
  context.skip();
}
