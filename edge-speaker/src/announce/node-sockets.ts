import { LbError } from '@openyurt/nodepool-types';
import type { FrameMeta, FrameSocket } from '../ports/frame-socket.ts';
import type { Icmpv6Socket } from '../ports/icmpv6-socket.ts';
import type { Link } from '../ports/links.ts';
import type { AnnouncerParts } from './announcer-parts.ts';
import { LinkSockets } from './link-sockets.ts';

export interface NodeSocketsParts extends Pick<AnnouncerParts, 'sockets' | 'icmpv6' | 'timers' | 'log'> {
  /** Asked once for each link that is opened: what hears its frames. */
  readonly hear: (link: Link) => (frame: Buffer, meta: FrameMeta) => void;
  /** A socket came or went: what can be announced changed. */
  readonly onSockets: () => void;
}

/** All sockets of this node's links: frames for both families, and what else IPv6 needs where it is wanted. */
export class NodeSockets {
  private readonly ofFrames: LinkSockets<FrameSocket>;
  private readonly ofIcmpv6: LinkSockets<Icmpv6Socket>;

  constructor({ sockets, icmpv6, timers, log, hear, onSockets }: NodeSocketsParts) {
    const open = (link: Link) => {
      const socket = sockets.open(link);
      socket.onFrame(hear(link));
      return socket;
    };
    const shared = { timers, log, onSockets };
    this.ofFrames = new LinkSockets({ ...shared, open, outlived: () => false, complaint: 'link not usable' });
    this.ofIcmpv6 = new LinkSockets({
      ...shared,
      open: (link) => icmpv6.open(link),
      outlived: lostIpv6,
      complaint: 'link not usable for IPv6',
    });
  }

  /** Opens what an address needs on `link`, with `ndp` an IPv6 one. @returns why that cannot be had */
  open(link: Link, { ndp }: { readonly ndp: boolean }): LbError | undefined {
    const frames = this.ofFrames.want(link);
    if (frames instanceof LbError) return frames;
    if (!ndp) return undefined;
    const icmpv6 = this.ofIcmpv6.want(link);
    if (icmpv6 instanceof LbError) return icmpv6;
    const deaf = frames.hearNdp();
    if (deaf !== undefined) this.ofIcmpv6.refuse(link, deaf);
    return deaf;
  }

  /** @returns the socket if it is open */
  frames(linkIndex: number): FrameSocket | undefined {
    return this.ofFrames.get(linkIndex);
  }

  /** @returns the socket if it is open */
  icmpv6(linkIndex: number): Icmpv6Socket | undefined {
    return this.ofIcmpv6.get(linkIndex);
  }

  /** Links changed: what lost its link is closed, and what was refused may be tried again. */
  update(links: readonly Link[]): void {
    this.ofFrames.update(links);
    this.ofIcmpv6.update(links);
  }

  close(): void {
    this.ofFrames.close();
    this.ofIcmpv6.close();
  }
}

/** With its last IPv6 address the kernel may have forgotten the groups of an interface (an MTU under 1280), or IPv6 itself. */
function lostIpv6(before: Link, now: Link): boolean {
  const speaks = ({ addresses }: Link) => addresses.some(({ family }) => family === 'IPv6');
  return speaks(before) && !speaks(now);
}
