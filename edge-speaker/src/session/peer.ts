import type { OfferItem } from '../election/offer.ts';
import type { Endpoint } from '../ports/peer-socket.ts';
import type { Channel } from './channel.ts';
import type { MemberState } from './facts.ts';
import type { LastWord } from './holders.ts';
import type { Lapse } from './lapse.ts';
import type { Session } from './session.ts';
import { Told } from './told.ts';

export interface DialState {
  channel: number | undefined;
  startedMs: number;
  nextMs: number;
  /** Which key and which address come next. */
  attempt: number;
  /** Dials in a row that were refused, whatever the place. */
  refused: number;
  to: Endpoint | undefined;
  /** Sessions in a row that ended as soon as they had begun. */
  inVain: number;
}

/** Another member, as far as it is known. */
export interface Peer {
  readonly node: string;
  /** Named by the Node list. */
  known: boolean;
  /** As the Node list has them: the IPv4 ones, IPv6 where there are none. */
  addresses: readonly string[];
  /** Where hellos came from, newest first, at most {@link MAX_HINTS}; `port` is the TCP port told. */
  hints: Endpoint[];
  udpHint: Endpoint | undefined;
  state: MemberState;
  sinceMs: number;
  offers: Told<OfferItem>;
  /** By address: when this claim was heard, monotonic ms. */
  claims: Told<number>;
  /** Of one that died a moment ago. */
  lastWord: LastWord | undefined;
  /** Kept after death: tombstones live until it is seen to be newer. -1: never told. */
  seenRv: bigint;
  incarnation: string | undefined;
  session: Session | undefined;
  /** The session that ended in silence, until a new one begins. Once it is heard again it is the session, too. */
  lapse: Lapse | undefined;
  /** A second session of the same name, told apart by its incarnation: waits until the first is dead. */
  parked: Channel | undefined;
  dial: DialState;
  /** Known not to be there: nothing listens, or it died. Starting members do not wait for it. */
  absent: boolean;
  /** First hello since there is no session. */
  contactMs: number | undefined;
  /** Last hello. */
  helloMs: number;
  repliedMs: number;
}

export const MAX_HINTS = 4;

export function newPeer(node: string, nowMs: number): Peer {
  return {
    node,
    known: false,
    addresses: [],
    hints: [],
    udpHint: undefined,
    state: 'unknown',
    sinceMs: nowMs,
    offers: new Told('offers'),
    claims: new Told('claims'),
    lastWord: undefined,
    seenRv: -1n,
    incarnation: undefined,
    session: undefined,
    lapse: undefined,
    parked: undefined,
    dial: {
      channel: undefined,
      startedMs: -Infinity,
      nextMs: -Infinity,
      attempt: 0,
      refused: 0,
      to: undefined,
      inVain: 0,
    },
    absent: false,
    contactMs: undefined,
    helloMs: -Infinity,
    repliedMs: -Infinity,
  };
}

/** Its word counts: it lives, and has told the whole of it. */
export function isSynced(peer: Peer): boolean {
  return peer.state === 'alive' || peer.state === 'suspect';
}

export function isUp(peer: Peer): boolean {
  return isSynced(peer) || peer.state === 'joining' || peer.state === 'leaving';
}

/** Remembers where it can be dialed, the newest place first. */
export function addHint(peer: Peer, to: Endpoint): void {
  if (to.port === 0) return;
  const others = peer.hints.filter((hint) => hint.address !== to.address || hint.port !== to.port);
  peer.hints = [to, ...others].slice(0, MAX_HINTS);
}
