// npm run kube:build: compiles the real control plane for tests and demo from the Go module proxy, once, into a cache
// outside the tree (binaries.mjs says where). Programs appear in the cache whole or not at all.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { assetsDir, BUILD_FLAGS, cacheDir, findPrograms, GO_DIR, KUBE_VERSION } from './binaries.mjs';

const QUIET_STEP_MS = 15_000; // between progress lines where there is no terminal to redraw
const started = Date.now();
const seconds = () => `${((Date.now() - started) / 1000).toFixed(0)} s`;
// CGO off: no C compiler needed, static programs. GOWORK off: a go.work above the checkout must not take part.
const goEnv = { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' };

class BuildProblem extends Error {}

/** One line that is redrawn on a terminal and repeated now and then elsewhere. */
function progress(text) {
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K  ${text}`);
  else if (Date.now() - (progress.shownAt ?? started) > QUIET_STEP_MS) {
    progress.shownAt = Date.now();
    console.log(`  ${text}`);
  }
}

function say(text) {
  console.log(`${process.stdout.isTTY ? '\r\x1b[K' : ''}${text}`);
}

function checkGo() {
  const asked = spawnSync('go', ['version'], { encoding: 'utf8', env: { ...goEnv, GOTOOLCHAIN: 'local' } });
  const remedy = 'install Go 1.24 or newer from https://go.dev/dl/ and put its bin folder into PATH';
  if (asked.error) throw new BuildProblem(`there is no \`go\` command: ${remedy}`);
  const [, major, minor] = /go(\d+)\.(\d+)/.exec(asked.stdout) ?? [];
  // From 1.21 on, go fetches by itself the newer toolchain that go.mod asks for.
  if (Number(major) === 1 && Number(minor) < 21) throw new BuildProblem(`Go ${major}.${minor} is too old: ${remedy}`);
  return asked.stdout.trim().split(' ')[2] ?? 'go';
}

/** Runs go with each line of stdout and stderr handed over; what go complained about ends in the error. */
function go(args, onLine) {
  return new Promise((resolve, reject) => {
    const child = spawn('go', args, { cwd: GO_DIR, env: goEnv, stdio: ['ignore', 'pipe', 'pipe'] });
    const complaints = [];
    createInterface({ input: child.stdout }).on('line', (line) => onLine(line, 'stdout'));
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (!onLine(line, 'stderr')) complaints.push(line);
    });
    const stop = () => child.kill('SIGTERM');
    process.once('SIGINT', stop).once('SIGTERM', stop);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      process.off('SIGINT', stop).off('SIGTERM', stop);
      if (code === 0) resolve();
      else reject(new BuildProblem(`go ${args[0]} ended with ${signal ?? code}:\n${complaints.slice(-20).join('\n')}`));
    });
  });
}

/** Fetches what the programs need and nothing else. @returns how many packages there are to compile, at most */
async function fetchModules(packages) {
  let modules = 0;
  let count = 0;
  await go(['list', '-mod=readonly', '-deps', ...packages], (line, from) => {
    if (from === 'stdout') count++;
    if (!line.startsWith('go: downloading ')) return from === 'stdout';
    progress(`${++modules} modules, now ${line.slice('go: downloading '.length)}`);
    return true;
  });
  say(`  ${'modules'.padEnd(24)} ${seconds()} (${modules} fetched)`);
  return count;
}

/** One `go build` for all, so that what they share is compiled once. */
async function compile(packages, count, outDir) {
  const linked = new Set();
  const look = () => {
    for (const name of readdirSync(outDir)) {
      if (!linked.has(name)) say(`  ${name.padEnd(24)} ${seconds()}`);
      linked.add(name);
    }
  };
  const timer = setInterval(look, 500);
  let compiled = 0;
  try {
    await go(['build', '-v', ...BUILD_FLAGS, '-o', `${outDir}/`, ...packages], (line) => {
      if (!/^[\w./-]+$/.test(line)) return false;
      progress(`compiling ${++compiled} of at most ${count} packages, ${seconds()}`);
      return true;
    });
    look();
  } finally {
    clearInterval(timer);
  }
}

async function build() {
  if (process.platform !== 'linux') throw new BuildProblem('the control plane runs on Linux only (kube-proxy, netns)');
  const { missing } = findPrograms();
  const dir = cacheDir();
  const assets = assetsDir();
  if (process.env.KUBEBUILDER_ASSETS && !assets) {
    say('KUBEBUILDER_ASSETS lacks etcd or kube-apiserver: it is left aside');
  }
  if (missing.length === 0) return say(`kube ${KUBE_VERSION} is built: ${assets ? `${assets}, ` : ''}${dir}`);

  const packages = missing.map((name) => `./${name}`);
  say(`Building ${missing.join(', ')} (Kubernetes ${KUBE_VERSION}) with ${checkGo()}`);
  say('  once, some minutes on two cores; needs about 4 GB of disk for modules and Go build cache');
  mkdirSync(dirname(dir), { recursive: true });
  const outDir = mkdtempSync(join(dirname(dir), 'build-'));
  try {
    await compile(packages, await fetchModules(packages), outDir);
    mkdirSync(dir, { recursive: true });
    for (const name of missing) renameSync(join(outDir, name), join(dir, name));
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
  say(`kube ${KUBE_VERSION} is ready after ${seconds()}: ${dir}`);
}

build().catch((error) => {
  say(`kube:build: ${error instanceof BuildProblem ? error.message : error.stack}`);
  process.exitCode = 1;
});
