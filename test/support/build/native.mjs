// Builds the speaker's native part, edge-speaker/native/build/Release/packet.node, where its sources are newer.
// `node test/support/build/native.mjs` ends 1 when it can't; `npm install` only says why (the speaker says it again at start).
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../edge-speaker/native/', import.meta.url));
const nodeGyp = fileURLToPath(new URL('../../../node_modules/node-gyp/bin/node-gyp.js', import.meta.url));
const built = join(folder, 'build/Release/packet.node');
const tools = 'apt-get install -y build-essential python3';

/** @returns {boolean} whether the built file is missing or older than a source (Node-API: any Node may load it) */
function outdated() {
  if (!existsSync(built)) return true;
  const builtMs = statSync(built).mtimeMs;
  const sources = readdirSync(folder).filter((name) => /\.(c|h|gyp)$/.test(name));
  return sources.some((name) => statSync(join(folder, name)).mtimeMs > builtMs);
}

/** @returns {boolean} whether `command --version` runs */
function runs(command) {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
}

/** Debian keeps Node's headers in /usr; npm says so in its configuration, and without npm we look ourselves. */
function nodeDirectory() {
  const named = process.env.npm_config_nodedir;
  if (named) return [`--nodedir=${named}`];
  return process.execPath.startsWith('/usr/bin/') && existsSync('/usr/include/node/node_api.h') ? ['--nodedir=/usr'] : [];
}

/** @returns {string[]} what stands in the way, each with its remedy */
function missingTools(output) {
  const missing = [];
  if (!runs(process.env.CC ?? 'cc')) missing.push(`no C compiler (cc) in PATH. Install one: ${tools}`);
  if (!runs('make')) missing.push(`no make in PATH. Install it: ${tools}`);
  if (!runs(process.env.npm_config_python ?? 'python3')) missing.push(`no python3 in PATH (node-gyp needs it): ${tools}`);
  if (/node_api\.h: No such file|FetchError|ENOTFOUND|ECONNREFUSED|EAI_AGAIN|getaddrinfo/.test(output)) {
    missing.push(
      `no headers of Node ${process.version}. Install them (Debian: apt-get install -y libnode-dev) and pass ` +
        'npm_config_nodedir=DIR, where DIR/include/node/node_api.h lies',
    );
  }
  return missing;
}

/**
 * Builds when needed.
 * @returns {{ok: true, built: boolean, note?: string} | {ok: false, explanation: string}} `note`: nothing to build here
 */
export function buildNative() {
  if (process.platform !== 'linux') {
    return { ok: true, built: false, note: `the speaker's native part is for Linux; this is ${process.platform}: skipped` };
  }
  if (!outdated()) return { ok: true, built: false };
  const args = [nodeGyp, 'rebuild', '--directory', folder, ...nodeDirectory()];
  const run = spawnSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (run.status === 0 && existsSync(built)) return { ok: true, built: true };
  const output = `${run.stdout ?? ''}${run.stderr ?? ''}${run.error ?? ''}`;
  const missing = missingTools(output);
  const last = output.trimEnd().split('\n').slice(-25).join('\n');
  const why = missing.length > 0 ? missing.map((line) => `  - ${line}`).join('\n') : last;
  return {
    ok: false,
    explanation:
      `The speaker's native part (edge-speaker/native, raw Ethernet frames) could not be built:\n${why}\n` +
      'The speaker and the netns and cluster tests need it; the controller does not. Then run:\n' +
      '  node test/support/build/native.mjs',
  };
}

/**
 * raw-socket is a package with a native part of its own: npm builds it, and leaves it out where that fails.
 * @returns {string | undefined} what to do where it does not load
 */
export function explainRawSocket() {
  if (process.platform !== 'linux') return undefined;
  try {
    createRequire(import.meta.url)('raw-socket');
    return undefined;
  } catch {
    return (
      'The package raw-socket could not be built: without it a speaker announces no IPv6 address.\n' +
      `Install what a native package needs (${tools}), then run npm install again.`
    );
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = buildNative();
  if (!result.ok) {
    console.error(result.explanation);
    process.exitCode = 1;
  } else {
    console.log(result.note ?? (result.built ? `built ${built}` : 'the native part is up to date'));
  }
}
