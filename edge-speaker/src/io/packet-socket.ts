import { LbError } from '@openyurt/nodepool-types';
import type { FrameMeta, FrameSocket, FrameSocketFactory, FrameSocketStats } from '../ports/frame-socket.ts';
import type { Link } from '../ports/links.ts';
import { loadNative, type NativeAddon } from './native.ts';
import { ETH_P_IPV6, type FrameKind } from './packet-filter.ts';
import { PacketRing } from './packet-ring.ts';

export interface PacketSocketOptions {
  /** Frames that wait in the ring of each kind. */
  readonly frameCount: Readonly<Record<FrameKind, number>>;
}

/** ARP: 40,960 frames of 128 bytes, 5.2 MB a link. NDP: 32,768 of 192, 6.3 MB, only where IPv6 addresses are announced. */
const DEFAULTS: PacketSocketOptions = { frameCount: { arp: 40_960, ndp: 32_768 } };
const ETHER_TYPE_AT = 12;

/** Opens AF_PACKET sockets through the native part. */
export class PacketSocketFactory implements FrameSocketFactory {
  private readonly sockets = new Set<PacketSocket>();

  /** @throws LbError `LB_NATIVE_MISSING` */
  constructor(
    private readonly options: PacketSocketOptions = DEFAULTS,
    private readonly native: NativeAddon = loadNative(),
  ) {}

  open(link: Link): FrameSocket {
    const socket = new PacketSocket(link, this.options, this.native, () => this.sockets.delete(socket));
    this.sockets.add(socket);
    return socket;
  }

  /** Hands over the frames that have come by now, of every link. A look at an empty ring is a look at one word. */
  deliverWaiting(): void {
    for (const socket of this.sockets) socket.deliverWaiting();
  }
}

/** One ring for each kind of frame of a link, as one socket. */
class PacketSocket implements FrameSocket {
  private readonly arp: PacketRing;
  private ndp: PacketRing | undefined;
  private frameListener: (frame: Buffer, meta: FrameMeta) => void = () => {};
  private errorListener: (error: LbError) => void = () => {};
  private useless = false;

  constructor(
    readonly link: Link,
    private readonly options: PacketSocketOptions,
    private readonly native: NativeAddon,
    private readonly onClose: () => void,
  ) {
    this.arp = this.ring('arp');
  }

  hearNdp(): LbError | undefined {
    if (this.ndp !== undefined || this.useless) return undefined;
    try {
      this.ndp = this.ring('ndp');
      return undefined;
    } catch (error) {
      if (error instanceof LbError) return error;
      throw error;
    }
  }

  /** Through the ring of its own EtherType: the kernel takes that for the frame's, whatever the header says. */
  send(frame: Buffer): void {
    const isIpv6 = frame.length > ETHER_TYPE_AT + 1 && frame.readUInt16BE(ETHER_TYPE_AT) === ETH_P_IPV6;
    ((isIpv6 ? this.ndp : undefined) ?? this.arp).send(frame);
  }

  onFrame(run: (frame: Buffer, meta: FrameMeta) => void): void {
    this.frameListener = run;
  }

  onError(run: (error: LbError) => void): void {
    this.errorListener = run;
  }

  stats(): FrameSocketStats {
    const arp = this.arp.stats();
    const ndp = this.ndp?.stats();
    return {
      received: arp.received + (ndp?.received ?? 0),
      dropped: arp.dropped + (ndp?.dropped ?? 0),
      truncated: arp.truncated + (ndp?.truncated ?? 0),
      sent: arp.sent + (ndp?.sent ?? 0),
      sendErrors: arp.sendErrors + (ndp?.sendErrors ?? 0),
    };
  }

  deliverWaiting(): void {
    this.arp.deliverWaiting();
    this.ndp?.deliverWaiting();
  }

  close(): void {
    this.useless = true;
    this.arp.close();
    this.ndp?.close();
    this.onClose();
  }

  /** A link that goes down fails all its rings; that is one failure. */
  private ring(kind: FrameKind): PacketRing {
    const ring = new PacketRing(this.link, { kind, frameCount: this.options.frameCount[kind] }, this.native);
    ring.onFrame((frame, meta) => this.frameListener(frame, meta));
    ring.onError((error) => {
      if (this.useless) return;
      this.useless = true;
      this.errorListener(error);
    });
    return ring;
  }
}
