// Runs the suites: `node test/run.mjs [unit|contract|netns|cluster|sim]... [mocha options]`; without a name, all.
// Three files at a time: most of them wait. Ends with mocha's own summary and a line `N passed, N failed, N skipped`.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleChildPrograms } from './support/build/child-programs.mjs';
import { reexecInUserNamespaceIfNeeded } from './support/netns/enter.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
// The simulator takes what the others leave of the cores, beside what counts milliseconds; what computes comes last.
const suites = ['sim', 'netns', 'contract', 'cluster', 'unit'];
const lanes = ['--parallel', '--jobs=3'];
// Above 20 s, the longest first: a long file that starts late is alone at the end.
const long = {
  sim: ['simulator'],
  netns: ['interfaces-vlan-bond', 'outage', 'duplicate', 'speaker-stale', 'speaker', 'session-hostile'],
  contract: ['cloud-link/faults', 'api-server'],
  cluster: ['main-job', 'kubectl', 'load-balancer-set', 'migrate-export', 'controller', 'migrate'],
  unit: ['controller/any-order'],
};
process.chdir(root);
await reexecInUserNamespaceIfNeeded();

const named = process.argv.slice(2).filter((arg) => suites.includes(arg));
const options = process.argv.slice(2).filter((arg) => !suites.includes(arg));
const chosen = named.length === 0 ? suites : named;
if (!existsSync('cloud-controller/dist/controller.mjs')) {
  console.error('The programs are not built yet. Run: npm install (or npm run build)');
  process.exit(1);
}

/** @returns {string[]} the files of a suite, in the order in which they are to start */
function filesOf(suite) {
  const all = readdirSync(join('test', suite), { recursive: true, encoding: 'utf8' });
  const names = all.flatMap((file) => (file.endsWith('.test.ts') ? file.slice(0, -'.test.ts'.length) : [])).sort();
  const first = (long[suite] ?? []).filter((name) => names.includes(name));
  return [...new Set([...first, ...names])].map((name) => `test/${suite}/${name}.test.ts`);
}

const programs = await bundleChildPrograms();
process.on('exit', () => rmSync(programs, { recursive: true, force: true }));
const files = suites.filter((suite) => chosen.includes(suite)).flatMap(filesOf);
const child = spawn(process.execPath, ['node_modules/mocha/bin/mocha.js', ...lanes, ...options, ...files], {
  stdio: 'inherit',
  env: { ...process.env, TEST_PROGRAMS: programs },
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
