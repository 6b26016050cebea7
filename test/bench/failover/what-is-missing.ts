import { existsSync } from 'node:fs';
import { controlPlaneBinaries } from '../../support/kube/available.ts';
import { canMakeSites } from '../../support/netns/enter.mjs';

/** Why a benchmark on a stage cannot run here, with the remedy. @param kube whether it needs the real control plane */
export function whatIsMissing({ kube }: { kube: boolean }): string | undefined {
  if (!existsSync(new URL('../../../edge-speaker/dist/speaker.mjs', import.meta.url))) return 'run npm run build first';
  const can = canMakeSites();
  if (!can.ok) return `${can.reason}. ${can.remedy}`;
  const binaries = kube ? controlPlaneBinaries() : { ok: true as const };
  return binaries.ok ? undefined : binaries.reason;
}
