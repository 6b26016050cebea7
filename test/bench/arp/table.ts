import type { Alarms } from './false-takeovers.ts';
import { LATENCIES, type Latency, type Round } from './round.ts';

export interface Shown {
  readonly name: string;
  readonly figures: Round;
}

const COLUMNS: readonly { readonly title: string; readonly of: (round: Round) => string }[] = [
  { title: 'unicast', of: (r) => pair(r.unicast) },
  { title: 'unicast, paced', of: (r) => pair(r.unicastPaced) },
  { title: 'broadcast', of: (r) => pair(r.broadcast) },
  { title: 'broadcast, paced', of: (r) => pair(r.broadcastPaced) },
  { title: 'answers/s, window of 64', of: (r) => thousands(r.perSecond) },
  { title: 'open flood answered', of: (r) => `${r.answeredPercent.toFixed(1)} %` },
  { title: 'asked at, /s', of: (r) => thousands(r.floodPerSecond) },
  { title: 'flood to everybody answered', of: (r) => `${r.broadcastAnsweredPercent.toFixed(1)} %` },
  { title: 'lost', of: (r) => `${r.lost}` },
  { title: 'other MACs', of: (r) => `${r.strangers}` },
];

/** Markdown, so that it goes into the docs as it is. */
export function markdown(shown: readonly Shown[]): string {
  const head = ['who', ...COLUMNS.map(({ title }) => title)];
  const rows = shown.map(({ name, figures }) => [name, ...COLUMNS.map(({ of }) => of(figures))]);
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** Ours against MetalLB where it took part, and the targets that stand alone. */
export function verdicts(shown: readonly Shown[]): string[] {
  const ours = shown.find(({ name }) => name === 'yurtlb')?.figures;
  const peer = shown.find(({ name }) => name.startsWith('MetalLB'));
  if (ours === undefined) return [];
  const lines = [
    `open flood answered: ${ours.answeredPercent.toFixed(1)} % (target > 90 %)${met(ours.answeredPercent > 90)}`,
  ];
  if (peer === undefined) return lines;
  for (const which of LATENCIES) {
    for (const share of ['p50', 'p99'] as const) {
      const ratio = ours[which][share] / peer.figures[which][share];
      lines.push(`${which} ${share}: ${ratio.toFixed(2)} of ${peer.name}'s (target: no more than 1)${met(ratio <= 1)}`);
    }
  }
  const ratio = ours.perSecond / peer.figures.perSecond;
  lines.push(`answers/s: ${ratio.toFixed(2)} of ${peer.name}'s (target: no less than 1)${met(ratio >= 1)}`);
  return lines;
}

export function alarmLine({ announced, givenUp, gone, selfDoubt, conflicts }: Alarms): string {
  return `addresses taken ${announced}, given up ${givenUp}; members taken for dead ${gone}; self-doubt ${selfDoubt}; conflicts ${conflicts}`;
}

/** Flat, for `--json`. */
export function figuresOf(shown: readonly Shown[], during: Alarms, ever: Alarms): Record<string, number> {
  const all: Record<string, number> = {};
  for (const { name, figures } of shown) {
    for (const [figure, value] of Object.entries(figures) as [string, number | Latency][]) {
      const each = typeof value === 'number' ? { '': value } : { ' p50': value.p50, ' p99': value.p99 };
      for (const [share, one] of Object.entries(each)) all[`${name}: ${figure}${share}`] = Math.round(one * 10) / 10;
    }
  }
  for (const [kind, count] of Object.entries(during)) all[`while asked: ${kind}`] = count;
  for (const [kind, count] of Object.entries(ever)) all[`whole run: ${kind}`] = count;
  return all;
}

function met(yes: boolean): string {
  return yes ? '' : ' ✗';
}

function pair({ p50, p99 }: Latency): string {
  return `${short(p50)} / ${short(p99)}`;
}

function short(value: number): string {
  return value < 10 ? value.toFixed(1) : `${Math.round(value)}`;
}

function thousands(value: number): string {
  return Math.round(value).toLocaleString('en');
}
