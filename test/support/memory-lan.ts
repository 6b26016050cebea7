import { type Clock, LbError } from '@openyurt/nodepool-types';
import type {
  FrameMeta,
  FrameSocket,
  FrameSocketFactory,
  FrameSocketStats,
} from '../../edge-speaker/src/ports/frame-socket.ts';
import type { Link, Links } from '../../edge-speaker/src/ports/links.ts';

/** A link of a memory LAN: `eth0`, up, 192.168.10.11/24, with the IPv4 default route, unless said otherwise. */
export function memoryLink(change: Partial<Link> = {}): Link {
  return {
    index: 2,
    name: 'eth0',
    mac: Buffer.from('020000000011', 'hex'),
    up: true,
    carrier: true,
    addresses: [{ ip: '192.168.10.11', prefixBits: 24, family: 'IPv4' }],
    defaultRouteOf: ['IPv4'],
    ...change,
  };
}

/** Links that a test sets. */
export class MemoryLinks implements Links {
  private readonly listeners = new Set<(links: readonly Link[]) => void>();

  constructor(private links: readonly Link[] = [memoryLink()]) {}

  list(): readonly Link[] {
    return this.links;
  }

  set(links: readonly Link[]): void {
    this.links = links;
    for (const run of [...this.listeners]) run(links);
  }

  onChange(run: (links: readonly Link[]) => void): () => void {
    this.listeners.add(run);
    return () => this.listeners.delete(run);
  }
}

/** An Ethernet in memory: a frame sent by one socket reaches all others at once, as through a hub. */
export class MemoryLan implements FrameSocketFactory {
  /** All frames, in order, with the MAC of the link that sent them. */
  readonly frames: Buffer[] = [];
  /** When set, `open` is refused with it. */
  refusal: LbError | undefined;
  /** When set, `hearNdp` is refused with it. */
  ndpRefusal: LbError | undefined;
  /** How often `hearNdp` was refused. */
  ndpRefused = 0;
  private readonly sockets = new Set<MemorySocket>();

  constructor(private readonly clock: Clock) {}

  open(link: Link): MemorySocket {
    if (this.refusal !== undefined) throw this.refusal;
    const socket = new MemorySocket(link, this, this.sockets, this.clock);
    this.sockets.add(socket);
    return socket;
  }

  /** A frame from a station that has no socket here, read now. @param arrivedMs when the kernel had it, wall milliseconds */
  inject(frame: Buffer, arrivedMs = this.clock.wallMs()): void {
    for (const socket of this.sockets) socket.hear(frame, arrivedMs);
  }

  /** What the kernel does to the sockets of a link that goes down. */
  fail(linkIndex: number): void {
    const error = new LbError('LB_LINK_UNUSABLE', 'no frames: poll said ENETDOWN', 'Bring the interface up.');
    for (const socket of [...this.sockets]) if (socket.link.index === linkIndex) socket.fail(error);
  }

  get openSockets(): number {
    return this.sockets.size;
  }
}

class MemorySocket implements FrameSocket {
  private sent = 0;
  private received = 0;
  private frameListener: (frame: Buffer, meta: FrameMeta) => void = () => {};
  private errorListener: (error: LbError) => void = () => {};

  constructor(
    readonly link: Link,
    private readonly lan: MemoryLan,
    private readonly peers: Set<MemorySocket>,
    private readonly clock: Clock,
  ) {}

  hearNdp(): LbError | undefined {
    if (this.lan.ndpRefusal !== undefined) this.lan.ndpRefused++;
    return this.lan.ndpRefusal;
  }

  send(frame: Buffer): void {
    const copy = Buffer.from(frame);
    this.sent++;
    this.lan.frames.push(copy);
    for (const peer of [...this.peers]) if (peer !== this) peer.hear(copy);
  }

  hear(frame: Buffer, arrivedMs = this.clock.wallMs()): void {
    this.received++;
    this.frameListener(frame, { wireBytes: frame.length, arrivedMs });
  }

  fail(error: LbError): void {
    this.errorListener(error);
  }

  onFrame(run: (frame: Buffer, meta: FrameMeta) => void): void {
    this.frameListener = run;
  }

  onError(run: (error: LbError) => void): void {
    this.errorListener = run;
  }

  stats(): FrameSocketStats {
    return { received: this.received, dropped: 0, truncated: 0, sent: this.sent, sendErrors: 0 };
  }

  close(): void {
    this.peers.delete(this);
  }
}
