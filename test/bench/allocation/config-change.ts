import { ALLOW_RENUMBER_ANNOTATION, NODE_POOL_LABEL, SYSTEM_NAMESPACE } from '@openyurt/nodepool-types';
import type { Stage } from '../../support/stage.ts';
import { type Arena, countsOf, metricsOf, untilQuiet } from './arena.ts';
import { sum } from './prometheus.ts';
import { since } from './server-counts.ts';

const SETTLE_MS = 60_000;

/** What a changed ConfigMap of one NodePool set off. */
export interface ConfigChange {
  readonly what: string;
  /** Runs of the reconciler: the NodePool's own and one for each Service that was planned anew. */
  readonly reconciles: number;
  readonly statusWrites: number;
  /** CPU time of the controller, ms. */
  readonly cpuMs: number;
}

/** Applies another text for a NodePool's addresses and waits until the controller has done with it. */
export async function changeConfig(
  arena: Arena,
  stage: Stage,
  { what, nodePool, config }: { what: string; nodePool: string; config: string },
): Promise<ConfigChange> {
  const reconciles = (text: string) => sum(text, 'yurtlb_controller_reconcile_seconds_count');
  const [metrics, counts] = [await metricsOf(arena), await countsOf(arena)];
  await stage.cloud.apply({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: nodePool,
      namespace: SYSTEM_NAMESPACE,
      labels: { [NODE_POOL_LABEL]: nodePool },
      annotations: { [ALLOW_RENUMBER_ANNOTATION]: 'true' },
    },
    data: { config },
  } as Parameters<Stage['cloud']['apply']>[0]);
  const after = await untilQuiet(
    () => metricsOf(arena),
    (a, b) => reconciles(a) === reconciles(b),
    SETTLE_MS,
  );
  const cpuMs = (text: string) => sum(text, 'process_cpu_seconds_total') * 1000;
  return {
    what,
    reconciles: reconciles(after) - reconciles(metrics),
    statusWrites: since(counts, await countsOf(arena)).statusWrites,
    cpuMs: cpuMs(after) - cpuMs(metrics),
  };
}
