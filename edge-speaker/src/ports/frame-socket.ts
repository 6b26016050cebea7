import type { LbError } from '@openyurt/nodepool-types';
import type { Link } from './links.ts';

/** What the kernel said about a frame besides its bytes. Reused: copy what must outlive the call. */
export interface FrameMeta {
  /** Bytes on the wire; more than the buffer's length when the frame was cut short. */
  readonly wireBytes: number;
  /** Arrival at the kernel, milliseconds since the Unix epoch with fractions. */
  readonly arrivedMs: number;
}

/** Counted since the socket opened. */
export interface FrameSocketStats {
  /** Frames that passed the filter, also those dropped for want of room. */
  readonly received: number;
  /** Frames that the kernel dropped because the ring was full. */
  readonly dropped: number;
  /** Frames longer than the ring's slots. */
  readonly truncated: number;
  readonly sent: number;
  readonly sendErrors: number;
}

/** Raw Ethernet frames of one link: ARP, and where asked for neighbour discovery. What this node sent itself is not delivered. */
export interface FrameSocket {
  readonly link: Link;
  /**
   * Hears neighbour discovery from now on, too (ICMPv6 133 to 137). That takes memory, and a look at each IPv6 packet of the
   * link, which a site without IPv6 addresses shall not pay for. May be called any number of times.
   *
   * @returns why it cannot
   */
  hearNdp(): LbError | undefined;
  /**
   * Sends a whole frame, the Ethernet header first. Never throws: what could not be sent is counted. Inside a frame
   * callback the bytes are copied and leave when the batch ends, so one buffer may be used for every answer.
   */
  send(frame: Buffer): void;
  /** The buffer is a view, valid during the call. One listener. */
  onFrame(run: (frame: Buffer, meta: FrameMeta) => void): void;
  /** The socket is of no use any more (interface down or gone); close it. One listener, at most one call. */
  onError(run: (error: LbError) => void): void;
  stats(): FrameSocketStats;
  /** May be called any number of times. */
  close(): void;
}

export interface FrameSocketFactory {
  /** @throws LbError `LB_CAPABILITY_MISSING`, `LB_NATIVE_MISSING`, `LB_LINK_UNUSABLE` */
  open(link: Link): FrameSocket;
}
