import type { TableEntry } from './announcement-table.ts';

/** The side of a link that hears the packet. */
export interface Listener {
  readonly linkIndex: number;
  readonly mac: Buffer;
  /** Whether a member of our pool has said that the MAC at `at` of `frame` is its own. */
  isPoolMac(frame: Buffer, at: number): boolean;
  /** Whether it is that of another link of this node: two of them may lead to one LAN. */
  isNodeMac(frame: Buffer, at: number): boolean;
}

export interface Drop<Reason extends string> {
  readonly kind: 'drop';
  readonly reason: Reason;
}

/** What one packet, of either family, asks of us. */
export type Decision<Reason extends string> =
  | { readonly kind: 'reply'; readonly entry: TableEntry }
  /** Somebody outside the pool uses, or at the same moment probes, our address. */
  | { readonly kind: 'conflict'; readonly entry: TableEntry }
  /** Another member of the pool announces it. */
  | { readonly kind: 'hand-over'; readonly entry: TableEntry }
  | Drop<Reason>;

/** One object for each reason: refusing a flood must not make garbage. */
export function dropsFor<Reason extends string>(reasons: readonly Reason[]): Readonly<Record<Reason, Drop<Reason>>> {
  return Object.fromEntries(reasons.map((reason) => [reason, { kind: 'drop', reason }])) as Record<
    Reason,
    Drop<Reason>
  >;
}

const OWN_FRAME: Drop<'own-frame'> = { kind: 'drop', reason: 'own-frame' };

/** The node whose MAC stands at `at` of `frame` claims what is ours. */
export function claimBy(frame: Buffer, at: number, entry: TableEntry, listener: Listener): Decision<'own-frame'> {
  if (listener.isNodeMac(frame, at)) return OWN_FRAME;
  return { kind: listener.isPoolMac(frame, at) ? 'hand-over' : 'conflict', entry };
}

const POOL_PROBE: Drop<'pool-probe'> = { kind: 'drop', reason: 'pool-probe' };

/** The node whose MAC stands at `at` of `frame` probes what we probe. */
export function rivalBy(
  frame: Buffer,
  at: number,
  entry: TableEntry,
  listener: Listener,
): Decision<'own-frame' | 'pool-probe'> {
  if (listener.isNodeMac(frame, at)) return OWN_FRAME;
  return listener.isPoolMac(frame, at) ? POOL_PROBE : { kind: 'conflict', entry };
}

const STALE: Drop<'stale'> = { kind: 'drop', reason: 'stale' };

/**
 * What is left of a decision whose packet waited too long: nothing is said for it, since another member may have taken over.
 * An objection to our probe still counts: what it makes us do is to be silent.
 */
export function tooLate<Reason extends string>(decision: Decision<Reason>): Decision<Reason | 'stale'> {
  if (decision.kind === 'drop') return decision;
  return decision.kind === 'conflict' && decision.entry.phase === 'probing' ? decision : STALE;
}
