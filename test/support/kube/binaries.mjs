// Where the real control plane's programs lie. Plain JavaScript: build.mjs runs before anything is installed.
import { createHash } from 'node:crypto';
import { accessSync, constants, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const KUBE_VERSION = '1.34.4';
export const GO_DIR = fileURLToPath(new URL('./go', import.meta.url));
export const PROGRAMS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-proxy', 'kubectl'];

/** What `go build` is told; part of the cache key, since it changes the programs. */
export const BUILD_FLAGS = ['-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', linkerFlags()];

function linkerFlags() {
  const [major, minor] = KUBE_VERSION.split('.');
  const stamp = { gitVersion: `v${KUBE_VERSION}`, gitMajor: major, gitMinor: minor, gitTreeState: 'archive' };
  return ['-s', '-w', ...Object.entries(stamp).map(([k, v]) => `-X k8s.io/component-base/version.${k}=${v}`)].join(' ');
}

/** The folder that `npm run kube:build` fills; a change of our Go files or flags gives another folder. */
export function cacheDir(env = process.env) {
  const hash = createHash('sha256').update(BUILD_FLAGS.join('\0'));
  for (const file of ['go.mod', 'go.sum', ...PROGRAMS.map((name) => `${name}/main.go`)]) {
    hash.update(`\0${file}\0`).update(readFileSync(join(GO_DIR, file)));
  }
  const root = env.YURTLB_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'yurtlb');
  return join(root, `kube-${KUBE_VERSION}-${hash.digest('hex').slice(0, 12)}`, 'bin');
}

/** `KUBEBUILDER_ASSETS` counts only when it holds both programs that every user of it expects. */
export function assetsDir(env = process.env) {
  const dir = env.KUBEBUILDER_ASSETS;
  return dir && runnable(join(dir, 'etcd')) && runnable(join(dir, 'kube-apiserver')) ? dir : undefined;
}

/** Each program's path, from the assets first and the cache second; what neither holds is in `missing`. */
export function findPrograms(env = process.env) {
  const dirs = [assetsDir(env), cacheDir(env)].filter((dir) => dir !== undefined);
  const found = {};
  const missing = [];
  for (const name of PROGRAMS) {
    const path = dirs.map((dir) => join(dir, name)).find(runnable);
    if (path) found[name] = path;
    else missing.push(name);
  }
  return { found, missing };
}

function runnable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
