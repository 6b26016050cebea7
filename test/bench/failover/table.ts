import type { Target } from './failures.ts';
import type { Trial } from './trial.ts';

/** The runs of one failure by one contestant. */
export interface Series {
  readonly contestant: string;
  readonly cloud: 'online' | 'cut';
  readonly failure: string;
  readonly target: Target;
  readonly trials: readonly Trial[];
}

/** `null` (never) counts as longer than anything. */
export interface Spread {
  readonly min: number | null;
  readonly median: number | null;
  readonly max: number | null;
}

export function spread(values: readonly (number | null)[]): Spread {
  const sorted = values.map((value) => value ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
  const at = (i: number): number | null => {
    const value = sorted[i] ?? Number.POSITIVE_INFINITY;
    return Number.isFinite(value) ? Math.round(value * 10) / 10 : null;
  };
  return { min: at(0), median: at(sorted.length >> 1), max: at(sorted.length - 1) };
}

/** What a series shows, by the name of the figure. */
export function figuresOf({ trials }: Series): Record<string, Spread> {
  const back = trials.flatMap((trial) => trial.back ?? []);
  return {
    outage: spread(trials.map(({ outageMs }) => outageMs)),
    lost: spread(trials.map(({ lost }) => lost)),
    bystanders: spread(trials.map(({ bystanderMs }) => bystanderMs)),
    back: spread(trials.map((trial) => trial.back?.afterMs ?? null)),
    ...(back.length === 0 ? {} : wayBack(back)),
  };
}

function wayBack(back: readonly NonNullable<Trial['back']>[]): Record<string, Spread> {
  return {
    both: spread(back.map(({ bothMs }) => bothMs)),
    none: spread(back.map(({ changeMs }) => changeMs)),
    silent: spread(back.map(({ silentMs }) => silentMs)),
    silentOthers: spread(back.map(({ othersMs }) => othersMs)),
    changes: spread(back.map(({ changes }) => changes)),
    lostBack: spread(back.map(({ lost }) => lost)),
  };
}

const HEAD = [
  'failure',
  'cloud',
  'who',
  'runs',
  'outage',
  'questions lost',
  'target',
  'others silent',
  'back after',
  'both answer',
  'none at the change',
  'silent / others',
  'lost',
  'changes',
];

/** Markdown, so that it goes into the docs as it is. Cells are min / median / max in ms. */
export function markdown(series: readonly Series[]): string {
  const rows = series.map((one) => {
    const { outage, lost, bystanders, back, both, none, silent, silentOthers, lostBack, changes } = figuresOf(one);
    return [
      one.failure,
      one.cloud,
      one.contestant,
      `${one.trials.length}`,
      cell(outage),
      cell(lost),
      judged(one.target, outage, lost),
      cell(bystanders),
      cell(back),
      cell(both),
      cell(none),
      silent?.median == null ? '' : `${number(silent.median)} / ${number(silentOthers?.median ?? 0)}`,
      cell(lostBack),
      cell(changes),
    ];
  });
  const all = [HEAD, HEAD.map(() => '---'), ...rows];
  const widths = HEAD.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) => `| ${row.map((text, column) => pad(text, widths[column] ?? 0)).join(' | ')} |`).join('\n');
}

/** The target, with a cross where its median does not reach it. */
function judged(target: Target, outage: Spread | undefined, lost: Spread | undefined): string {
  const value = (target.of === 'outage' ? outage : lost)?.median ?? Number.POSITIVE_INFINITY;
  const [words, met] =
    target.of === 'outage' ? [`< ${target.belowMs} ms`, value < target.belowMs] : ['none lost', value === 0];
  return met ? words : `${words} ✗`;
}

function pad(text: string, width: number): string {
  return text === '---' ? '-'.repeat(width) : text.padEnd(width);
}

function cell(values: Spread | undefined): string {
  if (values === undefined) return '';
  const { min, median, max } = values;
  if (max === null && min === null) return 'never';
  return [min, median, max].map((value) => (value === null ? 'never' : number(value))).join(' / ');
}

function number(value: number): string {
  return value < 10 && !Number.isInteger(value) ? value.toFixed(1) : `${Math.round(value)}`;
}
