import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiServer } from '../support/api-server/api-server.ts';
import { kubeconfigText } from '../support/api-server/kubeconfig.ts';
import { controlPlaneBinaries } from '../support/kube/available.ts';
import { takeControlPlane } from '../support/kube/shared-control-plane.ts';
import { skipUnless } from '../support/require.ts';
import { apiServerContract } from './api-server.contract.ts';

const binaries = controlPlaneBinaries();

/** kubectl of the control plane, or the machine's; undefined where there is none */
function findKubectl(): string | undefined {
  if (binaries.ok) return binaries.programs.kubectl;
  try {
    return execFileSync('sh', ['-c', 'command -v kubectl'], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

apiServerContract('in-process', async () => {
  const server = await ApiServer.start();
  const dir = mkdtempSync(join(tmpdir(), 'yurtlb-contract-'));
  const kubeconfig = join(dir, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigText(server.url));
  const kubectl = findKubectl();
  return {
    kubeconfig,
    ...(kubectl === undefined ? {} : { kubectl }),
    async stop() {
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
});

apiServerContract('kube-apiserver', async (ctx) => {
  skipUnless(ctx, binaries);
  const { kubeconfig } = await takeControlPlane();
  const kubectl = findKubectl();
  return { kubeconfig, ...(kubectl === undefined ? {} : { kubectl }), stop: async () => {} };
});
