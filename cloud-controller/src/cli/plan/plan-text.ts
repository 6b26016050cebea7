import { serviceKey } from '@openyurt/nodepool-types';
import { formatPassedOver, type ManifestFile } from '../manifests/manifest-file.ts';
import { nameOfPath } from '../read-file.ts';
import { table } from '../table.ts';
import type { ConfigNote } from './plan-configs.ts';
import type { PlannedService, PlanRow, RowState } from './plan-rows.ts';
import type { Counts, PlanStage } from './plan-stage.ts';

/** All that a plan comes to. */
export interface Result {
  readonly cluster?: { readonly server: string; readonly counts: Counts };
  readonly files: readonly ManifestFile[];
  readonly stage: PlanStage;
  readonly all: readonly PlannedService[];
  /** Those that are printed one by one. */
  readonly shown: readonly PlannedService[];
  readonly configs: readonly ConfigNote[];
  readonly classless: boolean;
}

const NONE = '<none>';

/** What was read from where, and what is wrong with it: for standard error. */
export function sayRead(result: Result): string[] {
  const { cluster, files, stage, configs } = result;
  const lines: string[] = [];
  if (cluster !== undefined) lines.push(`read from the cluster ${cluster.server}: ${sayCounts(cluster.counts)}`);
  for (const file of files) {
    const counts = countsOf(file, stage);
    const passed = passedOver(file, stage);
    lines.push([`read from ${nameOfPath(file.path)}: ${sayCounts(counts)}`, ...formatPassedOver(passed)].join('; '));
  }
  lines.push(...stage.notes);
  for (const { configProblems, configWarnings } of files) {
    lines.push(...configProblems, ...configWarnings.map((text) => `warning: ${text}`));
  }
  lines.push(...stage.problems);
  for (const { configMap, reason, message } of configs) lines.push(`ConfigMap ${configMap}: ${reason}: ${message}`);
  return [...lines, ...hints(result)];
}

/** What is probably not as it was meant. */
export function hints({ cluster, stage, all, classless }: Result): string[] {
  const lines: string[] = [];
  if (cluster === undefined && [...stage.rehearsal.world.nodePools()].length === 0) {
    lines.push(
      'no NodePool is among the files: add what "kubectl get nodepools -o yaml" prints, or plan with --cluster',
    );
  }
  const heldClassless = all.filter(({ service, isOurs }) => !isOurs && isHeldByNodePool(service, stage)).length;
  if (!classless && heldClassless > 0) {
    lines.push(
      `Services without loadBalancerClass that have addresses of NodePools: ${heldClassless}. If the controller runs with --classless, plan with it too`,
    );
  }
  return lines;
}

/** The table and the sum below it: for standard output. */
export function planTable({ shown, all }: Result): string[] {
  const rows = shown.flatMap(({ service, rows: own }) => own.map((row) => [serviceKey(service), ...cellsOf(row)]));
  const lines = table(
    ['NAMESPACE/SERVICE', 'NODEPOOL', 'ADDRESS', 'POOL', 'STATE', 'REASON'],
    rows,
    all.length === 0 ? 'no Service of type LoadBalancer' : 'nothing changes',
  );
  if (all.length === 0) return lines;
  const hidden = all.length - shown.length;
  const rest = hidden === 0 ? [] : [`nothing changes for ${hidden} more`];
  return [...lines, '', [...sayStates(shown), ...rest].join(', ')];
}

function cellsOf({ nodePool = NONE, address = NONE, from, pool = NONE, state, reasons }: PlanRow): string[] {
  const moved = from === undefined ? address : `${from} -> ${address}`;
  const said = reasons.map(({ reason, message }) => (reason === 'NotOurs' ? message : `${reason}: ${message}`));
  return [nodePool, moved, pool, state, said.join(' ')];
}

const STATES: readonly RowState[] = ['has', 'keeps', 'would get', 'moves', 'loses', 'waiting', 'not ours'];

/** `1 would get, 2 waiting` */
function sayStates(shown: readonly PlannedService[]): string[] {
  return STATES.flatMap((state) => {
    const count = shown.flatMap(({ rows }) => rows).filter((row) => row.state === state).length;
    return count === 0 ? [] : [`${count} ${state}`];
  });
}

function sayCounts(counts: Counts): string {
  const listed = [...counts].map(([kind, count]) => `${kind} ${count}`);
  return listed.length === 0 ? 'nothing that the controller reads' : listed.join(', ');
}

/** What the controller would read of a file. */
export function countsOf({ path, manifests }: ManifestFile, stage: PlanStage): Counts {
  const counts = new Map<PlannedKind, number>();
  for (const { kind } of manifests) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  for (const [what, count] of stage.passedOver.get(path) ?? []) {
    const kind: PlannedKind = what === 'ConfigMap' ? 'ConfigMap' : 'Service';
    const left = (counts.get(kind) ?? 0) - count;
    if (left > 0) counts.set(kind, left);
    else counts.delete(kind);
  }
  return counts;
}

type PlannedKind = ManifestFile['manifests'][number]['kind'];

export function passedOver(file: ManifestFile, stage: PlanStage): ReadonlyMap<string, number> {
  return new Map([...file.passedOver, ...(stage.passedOver.get(file.path) ?? [])]);
}

function isHeldByNodePool({ spec, status }: PlannedService['service'], { rehearsal }: PlanStage): boolean {
  const isClassless = (spec?.loadBalancerClass ?? '') === '';
  const entries = status?.loadBalancer?.ingress ?? [];
  return isClassless && entries.some(({ hostname = '' }) => rehearsal.core.sites.isNodePool(hostname));
}
