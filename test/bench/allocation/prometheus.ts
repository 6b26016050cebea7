/** One line of a Prometheus text. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The samples of one metric, as they stand in the text that `/metrics` shows. */
export function samples(text: string, metric: string): Sample[] {
  const found: Sample[] = [];
  for (const line of text.split('\n')) {
    if (!line.startsWith(metric)) continue;
    const rest = line.slice(metric.length);
    const [, labels = '', value = ''] = /^(?:\{(.*)\})? (\S+)/.exec(rest) ?? [];
    if (value !== '') found.push({ labels: labelsOf(labels), value: Number(value.replace('Inf', 'Infinity')) });
  }
  return found;
}

/** The sum of those of its samples that have these labels. */
export function sum(
  text: string,
  metric: string,
  labels: Readonly<Record<string, string | readonly string[]>> = {},
): number {
  let all = 0;
  for (const sample of samples(text, metric)) {
    const fits = Object.entries(labels).every(([name, value]) => {
      const has = sample.labels[name];
      return typeof value === 'string' ? has === value : has !== undefined && value.includes(has);
    });
    if (fits) all += sample.value;
  }
  return all;
}

/**
 * The upper bound of the bucket in which the share `q` of what was observed between two texts is reached.
 *
 * @returns undefined where nothing was observed; Infinity for the last bucket
 */
export function histogramQuantile(before: string, after: string, metric: string, q: number): number | undefined {
  const counts = (text: string) =>
    new Map(samples(text, `${metric}_bucket`).map(({ labels, value }) => [labels.le ?? '', value]));
  const earlier = counts(before);
  const buckets = [...counts(after)]
    .map(([le, count]) => ({
      le: le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le),
      count: count - (earlier.get(le) ?? 0),
    }))
    .sort((a, b) => a.le - b.le);
  const total = buckets.at(-1)?.count ?? 0;
  return total === 0 ? undefined : buckets.find(({ count }) => count >= q * total)?.le;
}

function labelsOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value]));
}
