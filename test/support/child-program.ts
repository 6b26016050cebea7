import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * What Node is told to run a program of test/support as a process of its own. test/run.mjs bundles them all first and says
 * where they lie, since tsx takes half a second of a core at each start; a single suite run by mocha does with tsx.
 *
 * @param name path from test/support, without `.ts`; one of `childPrograms` in build/child-programs.mjs
 */
export function childProgram(name: string): string[] {
  const bundles = process.env.TEST_PROGRAMS;
  if (bundles !== undefined) return [join(bundles, `${name}.mjs`)];
  return ['--import', 'tsx', fileURLToPath(new URL(`${name}.ts`, import.meta.url))];
}
