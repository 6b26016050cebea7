import type { Step } from './growth.ts';
import type { Restart } from './restart.ts';

const AFTER_MS = 1000;
const RESTART_MS = 2000;
/** By the number of Services, MB. */
const MEMORY: readonly (readonly [services: number, mb: number])[] = [
  [1, 75],
  [1000, 90],
  [10_000, 200],
];
/** Of what a Service costs with few others beside it. */
const FLAT = 1.25;

export interface Verdict {
  readonly what: string;
  readonly here: string;
  readonly isMet: boolean;
}

/** Our figures against the targets. A target for a size that was not played is left out. */
export function verdicts(steps: readonly Step[], restarts: readonly Restart[]): Verdict[] {
  const all: Verdict[] = [];
  const judge = (what: string, here: string, isMet: boolean) => all.push({ what, here, isMet });
  const bulks = steps.filter(({ from, to }) => to - from > 1);
  for (const { to, lags } of bulks) {
    const here = lags.afterMs === undefined ? 'some have none' : `${lags.afterMs} ms`;
    judge(
      `${to} Services: last create → last address within ${AFTER_MS} ms`,
      here,
      (lags.afterMs ?? AFTER_MS + 1) <= AFTER_MS,
    );
  }
  const [first, last] = [bulks[0], bulks.at(-1)];
  if (first !== undefined && last !== undefined && first !== last) {
    const ratio = last.perService.cpuMs / first.perService.cpuMs;
    judge(
      `the controller's CPU time for a Service is flat`,
      `${ratio.toFixed(2)} times that of the first ${first.to}`,
      ratio <= FLAT,
    );
  }
  for (const [what, of] of [
    ['one status write for each', (step: Step) => step.perService.statusWrites],
    ['one Event for each', (step: Step) => step.perService.events],
  ] as const) {
    const worst = Math.max(0, ...steps.map((step) => Math.abs(of(step) - 1)));
    judge(what, worst === 0 ? 'exactly' : `off by ${worst.toFixed(4)} at worst`, worst === 0);
  }
  for (const [services, mb] of MEMORY) {
    const step = steps.find(({ to }) => to === services);
    if (step === undefined) continue;
    const { rssMb } = step.memory;
    judge(`${services} Services: no more than ${mb} MB`, `${rssMb.toFixed(0)} MB`, rssMb <= mb);
  }
  for (const { how, services, leadsMs, addressedMs, changed, statusWrites, events } of restarts) {
    const ms = addressedMs === undefined || leadsMs === undefined ? undefined : addressedMs - leadsMs;
    judge(
      `restart (${how}) with ${services} Services: within ${RESTART_MS} ms of leading a new one has its address`,
      ms === undefined ? 'it does not' : `${ms} ms`,
      (ms ?? RESTART_MS) < RESTART_MS,
    );
    const more = statusWrites - 1 + (events - 1);
    judge(
      `restart (${how}): nothing is written again`,
      `${changed} changed, ${more} writes and Events`,
      changed + more === 0,
    );
  }
  return all;
}

/** As the documentation's tables of targets. */
export function verdictTable(all: readonly Verdict[]): string {
  const rows = all.map(({ what, here, isMet }) => `| ${what} | ${here} | ${isMet ? 'reached' : 'not reached ✗'} |`);
  return ['| target | here | |', '| --- | --- | --- |', ...rows].join('\n');
}
