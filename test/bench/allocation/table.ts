import type { ConfigChange } from './config-change.ts';
import type { Step } from './growth.ts';
import type { Restart } from './restart.ts';

/** Markdown, so that it goes into the docs as it is. */
function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

export function stepsTable(steps: readonly { readonly name: string; readonly step: Step }[]): string {
  const head = [
    'Services',
    'who',
    'created in, s',
    'last create → last address, ms',
    'create → address p50 / p99 / max, ms',
    'CPU of the controller, of the API server, ms each',
    'status writes each',
    'Events each',
    'memory, peak, MB',
  ];
  const rows = steps.map(({ name, step: { from, to, lags, perService, memory } }) => [
    `${from + 1}-${to}`,
    name,
    `${(lags.creatingMs / 1000).toFixed(1)}`,
    lags.afterMs === undefined ? `${lags.addressed} of ${lags.created} have one` : `${lags.afterMs}`,
    lags.lag === undefined ? '' : `${lags.lag.p50} / ${lags.lag.p99} / ${lags.lag.max}`,
    `${perService.cpuMs.toFixed(2)}, ${perService.serverCpuMs.toFixed(2)}`,
    each(perService.statusWrites),
    each(perService.events),
    `${memory.rssMb.toFixed(0)}, ${memory.peakMb.toFixed(0)}`,
  ]);
  return markdown(head, rows);
}

export function restartsTable(restarts: readonly { readonly name: string; readonly restart: Restart }[]): string {
  const head = [
    'restart',
    'who',
    'Services',
    'start → leads, ms',
    'start → a new Service has its address, ms',
    'other Services changed',
    'status writes',
    'Events',
    'memory, peak, MB',
  ];
  const rows = restarts.map(({ name, restart }) => [
    restart.how,
    name,
    `${restart.services}`,
    `${restart.leadsMs ?? ''}`,
    `${restart.addressedMs ?? 'not in time'}`,
    `${restart.changed}`,
    `${restart.statusWrites}`,
    `${restart.events}`,
    `${restart.memory.rssMb.toFixed(0)}, ${restart.memory.peakMb.toFixed(0)}`,
  ]);
  return markdown(head, rows);
}

export function changesTable(changes: readonly ConfigChange[]): string {
  const head = ['ConfigMap of one NodePool', 'reconciles', 'status writes', 'CPU of the controller, ms'];
  return markdown(
    head,
    changes.map((one) => [one.what, `${one.reconciles}`, `${one.statusWrites}`, one.cpuMs.toFixed(0)]),
  );
}

/** Two digits where it is not whole. */
function each(value: number): string {
  return Number.isInteger(value) ? `${value}` : value.toFixed(2);
}
