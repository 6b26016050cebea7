import { seeded } from '../virtual-time.ts';

/**
 * What was seen of a real yurthub (OpenYurt main after v1.7.0), in seconds. A probe round that meets silence takes
 * 5 × 2 s and four pauses, 15 s; with up to 10 s until it begins a silent cut is noticed after 15 to 25 s (seen: 15.7 to
 * 24.5 in 17 cuts).
 */
export const OBSERVED = {
  /** port open after a start */
  listenS: 0.2,
  /** answers other than 503 after a start with the cloud there */
  readyOnlineS: 1.25,
  /** so long it waits for the services that its filters need; then it goes on without */
  filtersS: 20,
  /** the same from the disk cache, without the cloud */
  readyOfflineS: 10.6,
  /** what comes before the hub knows whether the cloud is there hangs so long */
  firstProbeS: 9.3,
  probeEveryS: 10,
  probeTimeoutS: 2,
  probeTries: 5,
  probePauseS: 1.25,
  /** at most, between the two good probes that make healthy: back 0.8 to 18.8 s after the link */
  confirmS: 8.8,
  /** at most, from a refused or reset connection to the probe that notices: 3.4 s and at once in two kills */
  refusedNoticeS: 3.4,
  /** `GET /version` is hung up on after this */
  versionTimeoutS: 2,
  /** nothing heard from upstream for so long: every connection is given up (HTTP/2 pings: 30 s idle, 15 s for the answer) */
  silenceS: 45,
  /** how often upstream is asked for a sign of life; so what is in flight ends 42.5 to 45 s after a silent cut */
  signOfLifeS: 2.5,
  /** a watch opened offline looks so often whether the cloud is back */
  localWatchTickS: 2,
  /** the multiplexer needs this for its first list */
  poolFillS: 0.2,
  /** between the break of the multiplexer's own watch by a refused API and its next list */
  poolRelistS: 0.1,
  /** its clients' watches end this long after such a break, unless the hub knows already that the cloud is gone */
  poolWatchEndS: 1,
  poolRetryS: 0.5,
  /** the leader hub is gone: the next list comes from the API server after this */
  leaderGoneS: 5.6,
  poolBookmarkS: 60,
  /** the kubelet has not renewed its lease for so long: the hub calls the cloud unhealthy */
  kubeletSilentS: 39.9,
} as const;

/** Observed seconds in the test's own time, and the draws of one seed. */
export class Pace {
  /** From [0, 1), the same sequence for the same seed. */
  readonly draw: () => number;

  /** @param scale 1: as observed; 1/20: twenty times faster */
  constructor(
    readonly scale: number,
    seed: number,
  ) {
    if (!(scale > 0)) throw new RangeError(`scale must be above 0, got ${scale}`);
    this.draw = seeded(seed);
  }

  ms(observedS: number): number {
    return observedS * 1000 * this.scale;
  }
}

/** Turns of the event loop from one socket to the next: hub, wire, API server in one process, and back. */
const TURNS = 10;

/** Lets answers that are on their way already come first: a process that stood still for a while is no silent cloud. */
export async function afterPendingReads(): Promise<void> {
  for (let i = 0; i < TURNS; i++) await new Promise((resolve) => setImmediate(resolve));
}
