import { serviceKey } from '@openyurt/nodepool-types';
import type { ManifestFile } from '../manifests/manifest-file.ts';
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
/** As many are named; the rest is a number. */
const MAX_TWICE = 10;
/** Where MetalLB has its address pools from v0.13 on. */
const METALLB_POOLS = ['IPAddressPool', 'AddressPool'];

/** What was read from where, and what is wrong with it: for standard error. */
export function sayRead(result: Result): string[] {
  const { cluster, files, stage, configs } = result;
  const lines: string[] = [];
  if (cluster !== undefined) lines.push(`read from the cluster ${cluster.server}: ${sayCounts(cluster.counts)}`);
  for (const file of files) {
    const passed = [...passedOverOf(file, stage)].sort(([a], [b]) => (a < b ? -1 : 1));
    const rest = passed.length === 0 ? '' : `; passed over: ${listed(passed)}`;
    lines.push(`read from ${nameOfPath(file.path)}: ${sayCounts(countsOf(file, stage))}${rest}`);
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
export function hints({ cluster, files, stage, all, classless }: Result): string[] {
  const { twice } = stage;
  const lines = twice.slice(0, MAX_TWICE);
  if (twice.length > MAX_TWICE) lines.push(`objects that are in the files twice: ${twice.length - MAX_TWICE} more`);
  if (files.some(({ passedOver }) => METALLB_POOLS.some((kind) => passedOver.has(kind)))) {
    lines.push(
      `address pools are read from ConfigMaps, not from MetalLB's ${METALLB_POOLS.join(' or ')}: docs/migrate-from-metallb.md, "From v0.13 on"`,
    );
  }
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
  return counts.size === 0 ? 'nothing that the controller reads' : listed([...counts]);
}

/** `Deployment 2, Namespace 1` */
function listed(counts: readonly (readonly [string, number])[]): string {
  return counts.map(([kind, count]) => `${kind} ${count}`).join(', ');
}

/** What the controller would read of a file. */
export function countsOf({ manifests }: ManifestFile, { passedOver }: PlanStage): Counts {
  return counted(manifests.flatMap(({ kind, place }) => (passedOver.has(place) ? [] : kind)));
}

/** And what it would not, by kind. */
export function passedOverOf(file: ManifestFile, { passedOver }: PlanStage): ReadonlyMap<string, number> {
  return counted(
    file.manifests.flatMap(({ place }) => passedOver.get(place) ?? []),
    file.passedOver,
  );
}

function counted<T extends string>(all: readonly T[], before: ReadonlyMap<T, number> = new Map()): Map<T, number> {
  const counts = new Map(before);
  for (const one of all) counts.set(one, (counts.get(one) ?? 0) + 1);
  return counts;
}

function isHeldByNodePool({ spec, status }: PlannedService['service'], { rehearsal }: PlanStage): boolean {
  const isClassless = (spec?.loadBalancerClass ?? '') === '';
  const entries = status?.loadBalancer?.ingress ?? [];
  return isClassless && entries.some(({ hostname = '' }) => rehearsal.core.sites.isNodePool(hostname));
}
