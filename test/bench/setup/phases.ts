import { median, quantile } from '../arp/quantile.ts';

/** Moments of one run, milliseconds since the Unix epoch with fractions. */
export interface Moments {
  /** The request to create was sent, and had been answered. */
  readonly sentMs: number;
  readonly returnedMs: number;
  /** A watch beside the API server saw the address in the Service's status. */
  readonly addressedMs: number;
  /** On the LAN, by the kernel; 0: there was none before the answer. */
  readonly probeMs: number;
  readonly announcementMs: number;
  readonly answerMs: number;
}

/** Milliseconds between them. `total` is what the target is about: from the API's answer to the first ARP answer. */
export interface Phases {
  readonly create: number;
  /** Below 0 where the status was written before the creator had its answer. */
  readonly address: number;
  /** Until the first probe is on the LAN: the status on its way to the speakers, and the election. */
  readonly know: number;
  readonly probe: number;
  /** The asker asks once a millisecond; 0 where an answer came before the announcement was seen. */
  readonly answer: number;
  readonly total: number;
}

/** @throws Error where nobody answered */
export function phasesOf(moments: Moments): Phases {
  const { sentMs, returnedMs, addressedMs, answerMs } = moments;
  if (answerMs === 0) throw new Error('nobody answered');
  const announcedMs = earliest(moments.announcementMs, answerMs);
  const probedMs = earliest(moments.probeMs, announcedMs);
  return {
    create: returnedMs - sentMs,
    address: addressedMs - returnedMs,
    know: probedMs - addressedMs,
    probe: announcedMs - probedMs,
    answer: answerMs - announcedMs,
    total: answerMs - returnedMs,
  };
}

/** `atMs`, or where it is 0 or later than that, `orMs`. */
function earliest(atMs: number, orMs: number): number {
  return atMs === 0 ? orMs : Math.min(atMs, orMs);
}

export const PHASES: Readonly<Record<keyof Phases, string>> = {
  create: 'the API creates the Service',
  address: 'created → its address in the status',
  know: 'status → first probe on the LAN',
  probe: 'first probe → announced',
  answer: 'announced → answered',
  total: '**created → first ARP answer**',
};

/** Median, 90th percentile and maximum of each phase, ms. */
export function overRuns(runs: readonly Phases[]): Record<keyof Phases, [median: number, p90: number, max: number]> {
  const of = (phase: keyof Phases): [number, number, number] => {
    const values = runs.map((run) => run[phase]);
    return [median(values), quantile(values, 0.9), quantile(values, 1)];
  };
  return {
    create: of('create'),
    address: of('address'),
    know: of('know'),
    probe: of('probe'),
    answer: of('answer'),
    total: of('total'),
  };
}
