// Runs the suites: `node test/run.mjs [unit|contract|netns|cluster|sim]... [mocha options]`; without a name, all.
// Two files at a time: most of them wait. Ends with mocha's own summary and a line `N passed, N failed, N skipped`.
import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { bundleChildPrograms } from './support/build/child-programs.mjs';
import { reexecInUserNamespaceIfNeeded } from './support/netns/enter.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
// What computes comes first, so that what counts milliseconds has the cores to itself.
const suites = ['sim', 'unit', 'contract', 'cluster', 'netns'];
const lanes = ['--parallel', '--jobs=2'];
process.chdir(root);
await reexecInUserNamespaceIfNeeded();

const named = process.argv.slice(2).filter((arg) => suites.includes(arg));
const options = process.argv.slice(2).filter((arg) => !suites.includes(arg));
const chosen = named.length === 0 ? suites : named;
if (!existsSync('cloud-controller/dist/controller.mjs')) {
  console.error('The programs are not built yet. Run: npm install (or npm run build)');
  process.exit(1);
}

const programs = await bundleChildPrograms();
process.on('exit', () => rmSync(programs, { recursive: true, force: true }));
const child = spawn(
  process.execPath,
  ['node_modules/mocha/bin/mocha.js', ...lanes, ...options, ...chosen.map((suite) => `test/${suite}/**/*.test.ts`)],
  { stdio: 'inherit', env: { ...process.env, TEST_PROGRAMS: programs } },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
