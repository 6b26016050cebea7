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
const suites = ['sim', 'netns', 'contract', 'cluster', 'unit'];
const lanes = ['--parallel', '--jobs=3'];
// Long files begin early: one that comes last would be alone at the end. The simulator takes what others leave of the cores,
// beside what mostly waits; session-bulk makes the cores busy by itself, so it has the calmest neighbours.
const first = [
  'sim/simulator',
  'netns/duplicate',
  'netns/session-bulk',
  'netns/interfaces-vlan-bond',
  'netns/outage',
  'sim/mutants',
  'netns/speaker-stale',
  'netns/speaker',
  'netns/session-hostile',
  'contract/cloud-link/faults',
  'contract/api-server',
  'cluster/main-job',
  'cluster/load-balancer-set',
  'cluster/any-order',
  'unit/controller/any-order-mutants',
  'cluster/kubectl',
  'unit/controller/any-order',
].map((name) => `test/${name}.test.ts`);
process.chdir(root);
await reexecInUserNamespaceIfNeeded();

const named = process.argv.slice(2).filter((arg) => suites.includes(arg));
const options = process.argv.slice(2).filter((arg) => !suites.includes(arg));
const chosen = named.length === 0 ? suites : named;
if (!existsSync('cloud-controller/dist/controller.mjs')) {
  console.error('The programs are not built yet. Run: npm install (or npm run build)');
  process.exit(1);
}

/** @returns {string[]} the files of a suite */
function filesOf(suite) {
  const all = readdirSync(join('test', suite), { recursive: true, encoding: 'utf8' });
  return all.flatMap((file) => (file.endsWith('.test.ts') ? join('test', suite, file) : [])).sort();
}

/** @param {string} file @returns {number} its place: those of `first` in their order, then the others */
const rank = (file) => (first.includes(file) ? first.indexOf(file) : first.length);

const programs = await bundleChildPrograms();
process.on('exit', () => rmSync(programs, { recursive: true, force: true }));
const files = suites
  .filter((suite) => chosen.includes(suite))
  .flatMap(filesOf)
  .sort((a, b) => rank(a) - rank(b));
const child = spawn(process.execPath, ['node_modules/mocha/bin/mocha.js', ...lanes, ...options, ...files], {
  stdio: 'inherit',
  env: { ...process.env, TEST_PROGRAMS: programs },
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
