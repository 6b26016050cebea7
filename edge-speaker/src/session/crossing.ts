import type { Channel } from './channel.ts';
import type { Peer } from './peer.ts';
import type { Session } from './session.ts';

/** Of two dials that crossed, the second one is a session no later after the first: a handshake lasts no longer. */
const CROSSING_MS = 3000;

/** A connection that stands, and another of the same process that comes. */
export interface Meeting {
  readonly self: string;
  readonly peer: Peer;
  readonly session: Session;
  readonly standing: Channel;
  readonly coming: Channel;
}

/**
 * Both sides dialed, and the one that stands is the better one: the one that the lower name dialed, which both sides keep. A
 * connection that comes later says that the other side has lost it (it dials only where it has none), though our kernel may
 * not know: the host was asleep, the reset was lost.
 */
export function isCrossing({ self, peer, session, standing, coming }: Meeting, nowMs: number): boolean {
  const byLowerName = ({ dialedNode }: Channel) => (dialedNode !== undefined) === self < peer.node;
  return nowMs - session.begunMs < CROSSING_MS && byLowerName(standing) && !byLowerName(coming);
}
