import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const METALLB_VERSION = '0.15.2';

const GO_DIR = fileURLToPath(new URL('./go', import.meta.url));
const MODULE = 'go.universe.tf/metallb';
const FLAGS = ['-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', '-s -w'];
// CGO off: no C compiler needed. GOWORK off: a go.work above the checkout must not take part.
const GO_ENV = { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' };

/** MetalLB's programs, and the manifest they are installed with (CRDs, roles), as its module has it. */
export interface MetalLbFiles {
  readonly speaker: string;
  readonly controller: string;
  readonly manifest: string;
}

/** Where the build is kept, outside the tree; a change of version or flags gives another folder. */
function cacheDir(env: NodeJS.ProcessEnv): string {
  const hash = createHash('sha256').update(FLAGS.join('\0'));
  for (const file of ['go.mod', 'go.sum']) hash.update(`\0${file}\0`).update(readFileSync(join(GO_DIR, file)));
  const root = env.YURTLB_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'yurtlb');
  return join(root, `metallb-${METALLB_VERSION}-${hash.digest('hex').slice(0, 12)}`);
}

/**
 * Builds MetalLB's programs from the Go module proxy, once: about 3 minutes on two cores.
 *
 * @param progress told what is being done, a few times a second
 * @throws Error with what `go` said
 */
export async function metalLbFiles(progress: (text: string) => void): Promise<MetalLbFiles> {
  const dir = cacheDir(process.env);
  const files = {
    speaker: join(dir, 'bin', 'speaker'),
    controller: join(dir, 'bin', 'controller'),
    manifest: join(dir, 'metallb-native.yaml'),
  };
  if (Object.values(files).every((file) => existsSync(file))) return files;
  mkdirSync(dirname(dir), { recursive: true });
  const building = mkdtempSync(join(dirname(dir), 'build-'));
  try {
    mkdirSync(join(building, 'bin'));
    progress('fetching the Go modules of MetalLB');
    const { stdout } = await promisify(execFile)('go', ['mod', 'download', '-json', MODULE], {
      cwd: GO_DIR,
      env: GO_ENV,
    });
    const { Dir: source } = JSON.parse(stdout) as { Dir: string };
    copyFileSync(join(source, 'config', 'manifests', 'metallb-native.yaml'), join(building, 'metallb-native.yaml'));
    await compile(join(building, 'bin'), progress);
    rmSync(dir, { recursive: true, force: true });
    renameSync(building, dir);
  } catch (error) {
    throw new Error(
      `MetalLB ${METALLB_VERSION} cannot be built (Go 1.24 or newer is needed): ${(error as Error).message}`,
    );
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
  return files;
}

/** @param out a folder */
function compile(out: string, progress: (text: string) => void): Promise<void> {
  const programs = ['speaker', 'controller'].map((name) => `${MODULE}/${name}`);
  const args = ['build', '-v', ...FLAGS, '-o', `${out}/`, ...programs];
  const child = spawn('go', args, { cwd: GO_DIR, env: GO_ENV, stdio: ['ignore', 'ignore', 'pipe'] });
  const said: string[] = [];
  let packages = 0;
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (/^[\w./-]+$/.test(line)) progress(`building MetalLB ${METALLB_VERSION}: ${++packages} packages compiled`);
    else said.push(line);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(said.slice(-20).join('\n')))));
  });
}
