// Writes src/generated from the CRDs' schemas: `npm run generate`. With --check it writes nothing and fails on drift.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { argv, stderr, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import { generateTypes } from './generate-types.ts';

const room = fileURLToPath(new URL('../', import.meta.url));
const FILES = [
  { from: 'crds/nodepools.yaml', to: 'src/generated/node-pool.ts' },
  { from: 'crds/poolservices.yaml', to: 'src/generated/pool-service.ts' },
];

/** @returns the generated files that are not as their CRD says */
export async function generate({ write }: { readonly write: boolean }): Promise<string[]> {
  const stale: string[] = [];
  for (const { from, to } of FILES) {
    const want = await generateTypes(await readFile(room + from, 'utf8'), from);
    const have = await readFile(room + to, 'utf8').catch(() => undefined);
    if (have === want) continue;
    stale.push(`nodepool/${to}`);
    if (write) {
      await mkdir(`${room}src/generated`, { recursive: true });
      await writeFile(room + to, want);
    }
  }
  return stale;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const write = !argv.includes('--check');
  const stale = await generate({ write });
  if (write) stdout.write(stale.length === 0 ? 'up to date\n' : `wrote ${stale.join(', ')}\n`);
  else if (stale.length > 0) {
    stderr.write(`not as the CRDs say: ${stale.join(', ')}. Run "npm run generate".\n`);
    process.exitCode = 1;
  }
}
