// Bundles the programs that suites start as processes of their own: see test/support/child-program.ts.
import { mkdirSync, mkdtempSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const support = fileURLToPath(new URL('../', import.meta.url));

const childPrograms = [
  'api-server/main',
  'netns/announce-node',
  'netns/arp-asker',
  'netns/arp-echo',
  'netns/arp-flood',
  'netns/hello-groups-node',
  'netns/ndp-asker',
  'netns/ndp-node',
  'pool-member',
  'rogue-host',
  'yurthub/main',
];

// CommonJS libraries still call `require`, and the native addon is looked for from where its sources lie.
const banner = `import { createRequire as bundleRequire } from 'node:module';
const require = bundleRequire(import.meta.url);
process.env.YURTLB_NATIVE ??= ${JSON.stringify(`${root}edge-speaker/native/build/Release/packet.node`)};`;

/**
 * @param {Record<string, string>} more name of the bundle → file, beside the programs
 * @returns {Promise<string>} a new folder with a bundle for each; below node_modules, where packages are found
 */
export async function bundleChildPrograms(more = {}) {
  const cache = `${root}node_modules/.cache`;
  mkdirSync(cache, { recursive: true });
  const outdir = mkdtempSync(`${cache}/test-programs-`);
  const programs = childPrograms.map((name) => [name, `${support}${name}.ts`]);
  await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries([...programs, ...Object.entries(more)]),
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    legalComments: 'none',
    logLevel: 'warning',
    banner: { js: banner },
  });
  return outdir;
}
