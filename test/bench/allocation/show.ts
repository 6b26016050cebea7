import { machineLine } from '../failover/machine.ts';
import { say } from '../failover/progress.ts';
import type { BenchResult } from '../main.ts';
import type { ConfigChange } from './config-change.ts';
import type { Step } from './growth.ts';
import { OURS } from './ours.ts';
import { histogramQuantile } from './prometheus.ts';
import type { Restart } from './restart.ts';
import { changesTable, restartsTable, stepsTable } from './table.ts';
import { verdicts, verdictTable } from './verdicts.ts';

/** What one allocator did. */
export interface Played {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly restarts: readonly Restart[];
  readonly changes: readonly ConfigChange[];
}

/** Prints all tables, ours beside the other's. */
export function show(all: readonly Played[]): BenchResult {
  say(`\n${stepsTable(all.flatMap(({ name, steps }) => steps.map((step) => ({ name, step }))))}`);
  say(`\n${restartsTable(all.flatMap(({ name, restarts }) => restarts.map((one) => ({ name, restart: one }))))}`);
  for (const { name, changes, steps, restarts } of all) {
    if (changes.length > 0) say(`\n${changesTable(changes)}`);
    if (name === OURS) say(`\n${verdictTable(verdicts(steps, restarts))}`);
    const p99 = p99Of(steps);
    if (p99 !== undefined) say(`\n${name}: 99 % of all reconciles took no longer than ${p99 * 1000} ms`);
  }
  say(machineLine());
  return { figures: figuresOf(all) };
}

/** Seconds, over all steps of one process; undefined where it has no such metric. */
function p99Of(steps: readonly Step[]): number | undefined {
  const [before] = steps[0]?.metrics ?? [];
  const [, after] = steps.at(-1)?.metrics ?? [];
  if (before === undefined || after === undefined) return undefined;
  return histogramQuantile(before, after, 'yurtlb_controller_reconcile_seconds', 0.99);
}

/** Flat, for `--json`. */
function figuresOf(all: readonly Played[]): Record<string, number | string> {
  const figures: Record<string, number | string> = {};
  const put = (about: string, values: object) => {
    for (const [figure, value] of Object.entries(values)) {
      if (typeof value === 'number') figures[`${about}: ${figure}`] = Math.round(value * 100) / 100;
    }
  };
  for (const { name, steps, restarts, changes } of all) {
    for (const { from, to, lags, perService, conflicts, memory } of steps) {
      const about = `${name}, Services ${from + 1} to ${to}`;
      put(about, { ...lags, ...lags.lag, conflicts, ...memory });
      put(`${about}, each`, perService);
    }
    for (const { how, memory, ...restart } of restarts) put(`${name}, ${how}`, { ...restart, ...memory });
    for (const { what, ...change } of changes) put(`${name}, ${what}`, change);
    const p99 = p99Of(steps);
    if (p99 !== undefined) put(name, { 'reconcile p99 ms': p99 * 1000 });
  }
  return figures;
}
