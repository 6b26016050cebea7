import type { ProbeOutcome } from '../offline/endpoint-probe.ts';

export type { ProbeOutcome } from '../offline/endpoint-probe.ts';

/** Asks an endpoint whether it lives: one TCP connect from this node, reset as soon as it stands. */
export interface EndpointProber {
  /** Never rejects. */
  probe(ip: string, port: number, timeoutMs: number): Promise<ProbeOutcome>;
}
