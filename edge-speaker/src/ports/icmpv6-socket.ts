import type { LbError } from '@openyurt/nodepool-types';
import type { Link } from './links.ts';

/** Counted since the socket opened. */
export interface Icmpv6SocketStats {
  readonly sent: number;
  /** Messages the kernel refused. */
  readonly sendErrors: number;
  /** Messages for which the queue had no room. */
  readonly dropped: number;
  /** Solicited-node groups joined now; addresses with the same last 24 bits share one. */
  readonly groups: number;
}

/**
 * What a link needs beside its frames to speak NDP: groups joined, so that network cards and switches that snoop let
 * solicitations through, and advertisements sent with hop limit 255 from the kernel's own address. It receives nothing:
 * solicitations come as frames.
 */
export interface Icmpv6Socket {
  readonly link: Link;
  /**
   * Joins the solicited-node group of `address` (canonical text; RFC 4291 §2.7.1). Addresses that share a group are
   * counted. Never throws: a refusal goes to `onError` or, if it may pass, is tried again with the next join.
   */
  join(address: string): void;
  /** Leaves the group with the last of its addresses. An address that was not joined is nothing. */
  leave(address: string): void;
  /**
   * Sends one ICMPv6 message (type, code, checksum as 0: the kernel fills it in) with hop limit 255 on this link, to
   * `to` (canonical text). The bytes are copied. Never throws: what does not go out is counted. The queue is bounded.
   *
   * @returns false where the kernel refused it, while the link's own address is still checked for duplicates, say; where the
   * queue is full; and on a socket of no use
   */
  send(message: Buffer, to: string): boolean;
  /** The socket is of no use any more; close it. One listener, at most one call. */
  onError(run: (error: LbError) => void): void;
  stats(): Icmpv6SocketStats;
  /** Leaves all groups. May be called any number of times. */
  close(): void;
}

export interface Icmpv6SocketFactory {
  /** @throws LbError `LB_CAPABILITY_MISSING`, `LB_NATIVE_MISSING`, `LB_LINK_UNUSABLE` */
  open(link: Link): Icmpv6Socket;
}
