import { connect } from 'node:net';
import type { EndpointProber, ProbeOutcome } from '../ports/endpoint-prober.ts';

/** connect(2) errors that speak against the other side; any other is this node's own trouble. */
const OUTCOMES: Readonly<Record<string, ProbeOutcome>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'refused',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ETIMEDOUT: 'timeout',
};

/** Real connects. A connection that stands is reset at once, which leaves nothing in the listener's backlog or in TIME_WAIT. */
export class TcpProber implements EndpointProber {
  probe(ip: string, port: number, timeoutMs: number): Promise<ProbeOutcome> {
    return new Promise((resolve) => {
      const socket = connect({ host: ip, port });
      const end = (outcome: ProbeOutcome) => {
        clearTimeout(timer);
        if (outcome === 'answered') socket.resetAndDestroy();
        else socket.destroy();
        resolve(outcome);
      };
      const timer = setTimeout(() => end('timeout'), timeoutMs);
      socket.once('connect', () => end('answered'));
      socket.on('error', ({ code = '' }: NodeJS.ErrnoException) => end(OUTCOMES[code] ?? 'unclear'));
    });
  }
}
