import { type Ask, type Asked, EVERYBODY } from './ask.ts';
import { median, quantile } from './quantile.ts';

/** µs from a question to the kernel's taking in of the answer, one question at a time. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/** What one contestant showed in one round. */
export interface Round {
  /** To its MAC, the next question upon the answer; and with a pause, in which everybody falls asleep. */
  readonly unicast: Latency;
  readonly unicastPaced: Latency;
  /** To everybody. */
  readonly broadcast: Latency;
  readonly broadcastPaced: Latency;
  /** Answers a second with a window of questions under way. */
  readonly perSecond: number;
  /** Of an open flood: percent answered, and how fast was asked. */
  readonly answeredPercent: number;
  readonly floodPerSecond: number;
  /** The same flood as broadcasts, which all three nodes hear. */
  readonly broadcastAnsweredPercent: number;
  /** Questions that nobody answered within a second, one at a time and in the window. */
  readonly lost: number;
  /** Frames about the address that named another MAC. */
  readonly strangers: number;
}

export interface Sizes {
  readonly questions: number;
  readonly pauseUs: number;
  readonly windowed: number;
  readonly window: number;
  readonly flood: number;
}

export const LATENCIES = ['unicast', 'unicastPaced', 'broadcast', 'broadcastPaced'] as const;

/** One after the other: nothing else is asked meanwhile. */
export async function playRound(ask: Ask, mac: string, sizes: Sizes): Promise<Round> {
  const { questions, pauseUs } = sizes;
  const unicast = await ask.latency(mac, questions);
  const unicastPaced = await ask.latency(mac, questions, pauseUs);
  const broadcast = await ask.latency(EVERYBODY, questions);
  const broadcastPaced = await ask.latency(EVERYBODY, questions, pauseUs);
  const windowed = await ask.window(mac, sizes.windowed, sizes.window);
  const flood = await ask.flood(mac, sizes.flood);
  const toAll = await ask.flood(EVERYBODY, sizes.flood);
  const closed: Asked[] = [unicast, unicastPaced, broadcast, broadcastPaced, windowed];
  return {
    unicast: latencyOf(unicast),
    unicastPaced: latencyOf(unicastPaced),
    broadcast: latencyOf(broadcast),
    broadcastPaced: latencyOf(broadcastPaced),
    perSecond: (windowed.answered / windowed.ns) * 1e9,
    answeredPercent: (flood.answered / flood.sent) * 100,
    floodPerSecond: (flood.sent / flood.askedNs) * 1e9,
    broadcastAnsweredPercent: (toAll.answered / toAll.sent) * 100,
    lost: closed.reduce((sum, { lost }) => sum + lost, 0),
    strangers: [...closed, flood, toAll].reduce((sum, { by }) => sum + ofStrangers(by, mac), 0),
  };
}

function latencyOf({ latenciesNs }: { readonly latenciesNs: readonly number[] }): Latency {
  return { p50: quantile(latenciesNs, 0.5) / 1e3, p99: quantile(latenciesNs, 0.99) / 1e3 };
}

/** Frames, answers and announcements, of other MACs than `mac`. */
export function ofStrangers(by: Readonly<Record<string, readonly number[]>>, mac: string): number {
  const strangers = Object.entries(by).filter(([each]) => each !== mac);
  return strangers.flatMap(([, counts]) => counts).reduce((sum, count) => sum + count, 0);
}

/** Each figure's median over the rounds; what must not happen at all is added up. */
export function overRounds(rounds: readonly Round[]): Round {
  const middle = (of: (round: Round) => number) => median(rounds.map(of));
  const total = (of: (round: Round) => number) => rounds.reduce((sum, round) => sum + of(round), 0);
  const latency = (which: (typeof LATENCIES)[number]): Latency => ({
    p50: middle((round) => round[which].p50),
    p99: middle((round) => round[which].p99),
  });
  return {
    unicast: latency('unicast'),
    unicastPaced: latency('unicastPaced'),
    broadcast: latency('broadcast'),
    broadcastPaced: latency('broadcastPaced'),
    perSecond: middle((round) => round.perSecond),
    answeredPercent: middle((round) => round.answeredPercent),
    floodPerSecond: middle((round) => round.floodPerSecond),
    broadcastAnsweredPercent: middle((round) => round.broadcastAnsweredPercent),
    lost: total((round) => round.lost),
    strangers: total((round) => round.strangers),
  };
}
