import { dirname } from 'node:path';
import { cacheDir, findPrograms, KUBE_VERSION, PROGRAMS, type ProgramName } from './binaries.mjs';

/** Absolute paths of the control plane's programs. */
export type Programs = Record<ProgramName, string>;

/** What a suite asks before it starts: the programs, or one sentence why it has to skip (with the remedy). */
export type ControlPlaneBinaries = { ok: true; dir: string; programs: Programs } | { ok: false; reason: string };

/** Looks in KUBEBUILDER_ASSETS, then in the cache that `npm run kube:build` fills. `dir` holds kube-apiserver. */
export function controlPlaneBinaries(env: NodeJS.ProcessEnv = process.env): ControlPlaneBinaries {
  const { found, missing } = findPrograms(env);
  if (isWhole(found)) return { ok: true, dir: dirname(found['kube-apiserver']), programs: found };
  const where = `${missing.join(', ')} of Kubernetes ${KUBE_VERSION} not in ${cacheDir(env)}`;
  return { ok: false, reason: `${where}: run \`npm run kube:build\` (once, some minutes)` };
}

function isWhole(found: Partial<Programs>): found is Programs {
  return PROGRAMS.every((name) => found[name] !== undefined);
}

/** For a suite's `before`: skips it with the reason where the control plane is not built, fails it under REQUIRE_ALL=1. */
export function requireControlPlane(suite: Mocha.Context, env: NodeJS.ProcessEnv = process.env): void {
  const binaries = controlPlaneBinaries(env);
  if (binaries.ok) return;
  if (env.REQUIRE_ALL === '1') throw new Error(binaries.reason);
  console.log(`    skipped: ${binaries.reason}`);
  suite.skip();
}
