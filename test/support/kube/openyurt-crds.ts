import { fileURLToPath } from 'node:url';
import type { ControlPlane } from './control-plane.ts';

const GROUPS = { nodepools: 'apps.openyurt.io', poolservices: 'network.openyurt.io' } as const;

/** Applies the CRDs that OpenYurt brings, and waits until they are served. @throws Error with what kubectl said */
export async function installCrds(
  plane: Pick<ControlPlane, 'kubectl'>,
  names: readonly (keyof typeof GROUPS)[] = ['nodepools', 'poolservices'],
): Promise<void> {
  const kubectl = async (args: readonly string[]) => {
    const { code, stderr } = await plane.kubectl(args);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim()}`);
  };
  const files = names.map((name) => fileURLToPath(new URL(`../../../nodepool/crds/${name}.yaml`, import.meta.url)));
  await kubectl(['apply', ...files.flatMap((file) => ['-f', file])]);
  const crds = names.map((name) => `crd/${name}.${GROUPS[name]}`);
  await kubectl(['wait', '--for=condition=Established', '--timeout=30s', ...crds]);
}
