/** How long an address that this node offers no longer is held for the successor's claim. */
export const HAND_OVER_MS = 500;

/** An address this node announces. */
export interface Holding {
  readonly sinceMs: number;
  /** It is offered here no longer: released at this time even if the successor has said nothing. */
  readonly releaseByMs?: number;
}

/** What the rule below looks at. */
export interface Situation {
  /** Who the election names, if anybody. */
  readonly winner: string | undefined;
  readonly self: string;
  /** Our own offer counts. */
  readonly standing: boolean;
  /** The pool was heard, and we have no reason to doubt ourselves. */
  readonly mayClaim: boolean;
  /** A live member whose offer counts announces it already, and goes before us: it is eligible, and we are not or score less. */
  readonly betterClaim: boolean;
  /** A live member whose offer counts announces it already. */
  readonly anyClaim: boolean;
}

export type Verdict = 'none' | 'claim' | 'keep' | 'hand-over' | 'release';

/**
 * Hold an address or not: hand-over without a gap. The winner announces first; whoever held it falls silent on hearing
 * that claim, so in between two answer for a moment and never nobody.
 */
export function judge(
  holding: Holding | undefined,
  s: Situation,
  nowMs: number,
): { verdict: Verdict; holding?: Holding } {
  if (holding === undefined) {
    return s.winner === s.self && s.mayClaim ? { verdict: 'claim', holding: { sinceMs: nowMs } } : { verdict: 'none' };
  }
  if (s.standing) {
    if (s.betterClaim) return { verdict: 'hand-over' };
    return { verdict: 'keep', holding: { sinceMs: holding.sinceMs } };
  }
  if (s.anyClaim) return { verdict: 'hand-over' };
  if (s.winner === undefined) return { verdict: 'release' };
  const releaseByMs = holding.releaseByMs ?? nowMs + HAND_OVER_MS;
  if (nowMs >= releaseByMs) return { verdict: 'release' };
  return { verdict: 'keep', holding: { sinceMs: holding.sinceMs, releaseByMs } };
}
