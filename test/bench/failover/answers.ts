/** One round of questions, a question for each address. Times are milliseconds since the Unix epoch with fractions. */
export interface Round {
  readonly atMs: number;
  /** Told apart from all others of the last minutes. */
  readonly question: number;
}

/** One ARP reply: when the kernel took it in, whose MAC it named, and which question it answers. */
export interface Answer {
  readonly atMs: number;
  readonly mac: string;
  readonly question: number;
}

/** What a client saw of one address in a stretch of time. */
export interface Seen {
  /**
   * The longest time from a question to the next answer, where none came before the next question. A client that is late
   * itself, as happens on a busy machine, is no outage.
   */
  readonly silentMs: number;
  /** The longest of those that ended with an answer of another MAC: what a change of the announcer cost. */
  readonly changeMs: number;
  /** Time in which more than one MAC answered. */
  readonly bothMs: number;
  /** How often the answering MAC was another one than before. */
  readonly changes: number;
  /** Questions that nobody answered, of those that were followed by another answer. */
  readonly lost: number;
}

/** Shorter overlaps are the jitter of two frames on two paths. */
const JITTER_MS = 1;
/** A MAC that misses this many questions has stopped answering. */
const MISSED = 3;

/**
 * @param asked the rounds of questions, in order
 * @param answers in order of time, from the last one before the stretch on
 */
export function seen(asked: readonly Round[], answers: readonly Answer[], intervalMs: number): Seen {
  let silentMs = 0;
  let changeMs = 0;
  let changes = 0;
  let question = 0;
  for (const [i, { atMs, mac }] of answers.entries()) {
    const before = answers[i - 1];
    if (before === undefined) continue;
    while ((asked[question]?.atMs ?? Number.POSITIVE_INFINITY) <= before.atMs) question++;
    const waitedMs = atMs - (asked[question]?.atMs ?? atMs);
    silentMs = Math.max(silentMs, waitedMs);
    if (mac === before.mac) continue;
    changeMs = Math.max(changeMs, waitedMs);
    changes++;
  }
  return { silentMs, changeMs, bothMs: bothMs(answers, intervalMs), changes, lost: lost(asked, answers) };
}

/** The last questions may be on their way: one counts once a later one was answered. */
function lost(asked: readonly Round[], answers: readonly Answer[]): number {
  const [first] = answers;
  const answered = new Set(answers.map(({ question }) => question));
  const last = asked.findLast(({ question }) => answered.has(question));
  if (first === undefined || last === undefined) return 0;
  const due = asked.filter(({ atMs }) => atMs > first.atMs && atMs < last.atMs);
  return due.filter(({ question }) => !answered.has(question)).length;
}

interface Stretch {
  readonly fromMs: number;
  toMs: number;
}

/** A MAC answers from an answer until the next question that it does not answer. */
function stretches(answers: readonly Answer[], intervalMs: number): Map<string, Stretch[]> {
  const byMac = new Map<string, Stretch[]>();
  for (const { atMs, mac } of answers) {
    const all = byMac.get(mac) ?? [];
    byMac.set(mac, all);
    const last = all.at(-1);
    if (last !== undefined && atMs - last.toMs < (MISSED - 1) * intervalMs) last.toMs = atMs + intervalMs;
    else all.push({ fromMs: atMs, toMs: atMs + intervalMs });
  }
  return byMac;
}

function bothMs(answers: readonly Answer[], intervalMs: number): number {
  const edges = [...stretches(answers, intervalMs).values()]
    .flat()
    .flatMap(({ fromMs, toMs }) => [
      { atMs: fromMs, step: 1 },
      { atMs: toMs, step: -1 },
    ])
    .sort((a, b) => a.atMs - b.atMs);
  let answering = 0;
  let total = 0;
  for (const [i, { atMs, step }] of edges.entries()) {
    const since = atMs - (edges[i - 1]?.atMs ?? atMs);
    if (answering > 1 && since > JITTER_MS) total += since;
    answering += step;
  }
  return total;
}
