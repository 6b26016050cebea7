import { readdirSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform, totalmem } from 'node:os';
import { didYouMean } from '@openyurt/nodepool-types';

/*
 * npm run bench -- NAME [--json FILE] [OPTION...]
 *
 * Each file beside this one is a benchmark: it exports `run(argv)` and prints its figures as it goes.
 */

/** What a benchmark hands back for `--json`. */
export interface BenchResult {
  readonly figures: Readonly<Record<string, number | string>>;
}

interface Bench {
  run(argv: readonly string[]): Promise<BenchResult>;
}

const here = new URL('.', import.meta.url);
const names = readdirSync(here)
  .filter((file) => file.endsWith('.ts') && file !== 'main.ts' && !file.startsWith('_'))
  .map((file) => file.slice(0, -'.ts'.length));

const argv = process.argv.slice(2);
const [name = '', ...rest] = argv;
const at = rest.indexOf('--json');
const file = at < 0 ? undefined : rest[at + 1];
if (at >= 0) rest.splice(at, 2);

const isAskedForHelp = name === '' || name === '--help';
if (!names.includes(name)) {
  process.stderr.write(`Usage: npm run bench -- NAME [--json FILE]\nBenchmarks: ${names.join(', ')}\n`);
  if (!isAskedForHelp)
    process.stderr.write(`There is no benchmark ${JSON.stringify(name)}.${didYouMean(name, names)}\n`);
  process.exitCode = isAskedForHelp ? 0 : 2;
} else if (at >= 0 && file === undefined) {
  process.stderr.write('--json wants a file name\n');
  process.exitCode = 2;
} else {
  const bench = (await import(new URL(`${name}.ts`, here).href)) as Bench;
  const result = await bench.run(rest);
  if (file !== undefined) {
    const machine = {
      platform: platform(),
      arch: arch(),
      cpus: cpus().length,
      memoryBytes: totalmem(),
      node: process.version,
    };
    writeFileSync(
      file,
      `${JSON.stringify({ bench: name, at: new Date().toISOString(), machine, ...result }, null, 2)}\n`,
    );
  }
}
