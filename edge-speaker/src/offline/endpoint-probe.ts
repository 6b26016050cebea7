/**
 * What one TCP connect from this node told of an endpoint. `refused`, `unreachable` and `timeout` speak against it;
 * `unclear` is a fault of this node (no descriptor, no right), which says nothing.
 */
export type ProbeOutcome = 'answered' | 'refused' | 'unreachable' | 'timeout' | 'unclear';
export const PROBE_OUTCOMES: readonly ProbeOutcome[] = ['answered', 'refused', 'unreachable', 'timeout', 'unclear'];

/** What is believed of one endpoint. */
export type EndpointState =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'alive' }
  | { readonly kind: 'suspect'; readonly failures: number; readonly sinceMs: number }
  | { readonly kind: 'dead' };

/** Failed connects in a row, and milliseconds since the first of them, after both of which an endpoint is dead. */
export const FAILURES_TO_DEAD = 3;
export const FAILING_TO_DEAD_MS = 3_000;

/** One answer is proof of life; silence is believed only when it lasts. */
export function onOutcome(state: EndpointState, outcome: ProbeOutcome, nowMs: number): EndpointState {
  if (outcome === 'answered') return { kind: 'alive' };
  if (outcome === 'unclear' || state.kind === 'dead') return state;
  if (state.kind !== 'suspect') return { kind: 'suspect', failures: 1, sinceMs: nowMs };
  const failures = state.failures + 1;
  const isDead = failures >= FAILURES_TO_DEAD && nowMs - state.sinceMs >= FAILING_TO_DEAD_MS;
  return isDead ? { kind: 'dead' } : { ...state, failures };
}

/**
 * Milliseconds to the next connect.
 *
 * @param unit a draw from [0, 1), so that the nodes of a site do not ask in step
 */
export function probePauseMs(state: EndpointState, unit: number): number {
  return state.kind === 'suspect' ? 1_500 + 500 * unit : 4_000 + 2_000 * unit;
}
