import type { Clock, Timers } from '@openyurt/nodepool-types';
import type { EndpointProbes } from '../offline/endpoint-probes.ts';
import type { EndpointAt } from '../offline/endpoint-view.ts';
import type { EndpointProber, ProbeOutcome } from '../ports/endpoint-prober.ts';

/** Longer than the kernel's first retransmission of a lost SYN (1 s). */
export const PROBE_TIMEOUT_MS = 1_500;

export interface EndpointWatchParts {
  readonly probes: EndpointProbes;
  readonly prober: EndpointProber;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly count: (outcome: ProbeOutcome) => void;
  /** An address is judged otherwise now. */
  readonly changed: () => void;
}

/** Makes the connects that the probes ask for, when they ask for them. Without endpoints to watch it has no timer. */
export class EndpointWatch {
  private cancel: (() => void) | undefined;
  private dueMs = Number.POSITIVE_INFINITY;
  private stopped = false;

  constructor(private readonly parts: EndpointWatchParts) {}

  /** What is wanted may have changed. */
  run(): void {
    if (this.stopped) return;
    const { probes, prober, clock } = this.parts;
    const now = clock.monotonicMs();
    for (let at = probes.take(now); at !== undefined; at = probes.take(now)) {
      const asked = at;
      void prober.probe(at.ip, at.port, PROBE_TIMEOUT_MS).then((outcome) => this.hear(asked, outcome));
    }
    this.wait(probes.nextStart());
  }

  stop(): void {
    this.stopped = true;
    this.cancel?.();
  }

  private hear(at: EndpointAt, outcome: ProbeOutcome): void {
    if (this.stopped) return;
    const { probes, clock, count, changed } = this.parts;
    count(outcome);
    if (probes.heard(at, outcome, clock.monotonicMs())) changed();
    this.run();
  }

  private wait(dueMs: number | undefined): void {
    if (dueMs === this.dueMs) return;
    this.cancel?.();
    this.dueMs = dueMs ?? Number.POSITIVE_INFINITY;
    if (dueMs === undefined) return;
    const inMs = Math.max(1, dueMs - this.parts.clock.monotonicMs());
    this.cancel = this.parts.timers.after(inMs, () => {
      this.dueMs = Number.POSITIVE_INFINITY;
      this.run();
    });
  }
}
