// Bundles each program into one file: `node test/support/build/bundle.mjs`, run by `npm install` and `npm run build`.
import { readFileSync } from 'node:fs';
import { parse } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

const programs = [
  // In parts: what reads kubeconfigs is three quarters of it, and a Pod needs none.
  { from: 'cloud-controller/src/main.ts', to: 'cloud-controller/dist/controller.mjs', inParts: true },
  // In parts: most commands need no Kubernetes client, which is ten times the rest. They share one LbError.
  { from: 'cloud-controller/src/cli/main.ts', to: 'cloud-controller/dist/cli.mjs', inParts: true },
  { from: 'edge-speaker/src/main.ts', to: 'edge-speaker/dist/speaker.mjs' },
  { from: 'edge-speaker/src/kube/kubeconfig-target.ts', to: 'edge-speaker/dist/kubeconfig-target.mjs' },
];

// Loaded by the speaker only when --kubeconfig is given: it is 3 MB of code and 10 MB of memory that an edge node never needs.
const apart = {
  name: 'apart',
  setup({ onResolve }) {
    onResolve({ filter: /\/kubeconfig-target\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './kubeconfig-target.mjs', external: true } : undefined,
    );
  },
};

// CommonJS libraries inside an ES module bundle still call `require` for Node's own modules.
const banner = "import { createRequire as bundleRequire } from 'node:module'; const require = bundleRequire(import.meta.url);";

/** What is imported on demand becomes a file of its own, `cli-*.mjs` beside `cli.mjs`. */
function partsOf(from, to) {
  const { dir, name, ext } = parse(to);
  return {
    entryPoints: { [name]: from },
    outdir: dir,
    outExtension: { '.js': ext },
    splitting: true,
    chunkNames: `${name}-[name]`,
  };
}

/** @returns the paths written, relative to the root */
export async function bundle() {
  for (const { from, to, inParts } of programs) {
    await build({
      absWorkingDir: root,
      ...(inParts ? partsOf(from, to) : { entryPoints: [from], outfile: to }),
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      sourcemap: 'linked',
      sourcesContent: false,
      legalComments: 'none',
      logLevel: 'warning',
      banner: { js: banner },
      plugins: [apart],
      define: { YURTLB_VERSION: JSON.stringify(version) },
    });
  }
  return programs.map(({ to }) => to);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(`built ${(await bundle()).join(', ')}`);
