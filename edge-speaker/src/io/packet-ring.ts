import { LbError } from '@openyurt/nodepool-types';
import type { FrameMeta, FrameSocket, FrameSocketStats } from '../ports/frame-socket.ts';
import type { Link } from '../ports/links.ts';
import { errnoOf, FRAMES_PER_TURN, INFO_FIELDS, type NativeAddon, type NativePacketSocket } from './native.ts';
import { type FrameKind, filterFor, PROTOCOLS } from './packet-filter.ts';

/** What the ring of one socket holds. */
export interface RingOptions {
  readonly kind: FrameKind;
  /** Frames that wait while the program is busy; a flood beyond it is dropped and counted. */
  readonly frameCount: number;
}

/** One ring frame: 66 bytes before the Ethernet header are the kernel's. Padded ARP takes 126, a solicitation with nonce 160. */
const RING_FRAME_BYTES: Record<FrameKind, number> = { arp: 128, ndp: 192 };
const SLOT_BYTES = 128;

/** Frames of one kind, through the native part. */
export class PacketRing implements Omit<FrameSocket, 'hearNdp'> {
  private readonly socket: NativePacketSocket;
  private readonly received = Buffer.alloc(FRAMES_PER_TURN * SLOT_BYTES);
  private readonly slots: Buffer[] = [];
  private readonly info = new Uint32Array(FRAMES_PER_TURN * INFO_FIELDS);
  private readonly answers = Buffer.alloc(FRAMES_PER_TURN * SLOT_BYTES);
  private readonly answerBytes = new Uint32Array(FRAMES_PER_TURN);
  private readonly meta = { wireBytes: 0, arrivedMs: 0 } satisfies FrameMeta;
  private answerCount = 0;
  private inBatch = false;
  private sent = 0;
  private sendErrors = 0;
  private frameListener: (frame: Buffer, meta: FrameMeta) => void = () => {};
  private errorListener: (error: LbError) => void = () => {};

  /** @throws LbError `LB_CAPABILITY_MISSING`, `LB_LINK_UNUSABLE` */
  constructor(
    readonly link: Link,
    { kind, frameCount }: RingOptions,
    native: NativeAddon,
  ) {
    try {
      this.socket = native.openPacket({
        ifindex: link.index,
        protocol: PROTOCOLS[kind],
        filter: filterFor(kind),
        frameBytes: RING_FRAME_BYTES[kind],
        frameCount,
        promiscuous: false,
        slots: this.received,
        slotBytes: SLOT_BYTES,
        info: this.info,
        onFrames: (count) => this.deliver(count),
        onError: (code, syscall) => this.errorListener(unusable(link, code, syscall)),
      });
    } catch (cause) {
      const { code, syscall } = errnoOf(cause);
      throw code === 'EPERM' || code === 'EACCES' ? notPermitted(link, cause) : unusable(link, code, syscall, cause);
    }
  }

  send(frame: Buffer): void {
    if (this.inBatch && frame.length <= SLOT_BYTES) {
      if (this.answerCount === FRAMES_PER_TURN) this.flush();
      frame.copy(this.answers, this.answerCount * SLOT_BYTES);
      this.answerBytes[this.answerCount++] = frame.length;
      return;
    }
    if (this.socket.send(frame) === 0) this.sent++;
    else this.sendErrors++;
  }

  onFrame(run: (frame: Buffer, meta: FrameMeta) => void): void {
    this.frameListener = run;
  }

  onError(run: (error: LbError) => void): void {
    this.errorListener = run;
  }

  stats(): FrameSocketStats {
    return { ...this.socket.statistics(), sent: this.sent, sendErrors: this.sendErrors };
  }

  close(): void {
    this.socket.close();
  }

  /** Hands over the frames that have come by now, without waiting for the loop. Never inside a frame callback. */
  deliverWaiting(): void {
    const count = this.socket.take();
    if (count > 0) this.deliver(count);
  }

  private deliver(count: number): void {
    this.inBatch = count > 1; // a lone answer goes straight out
    try {
      for (let i = 0; i < count; i++) {
        const at = i * INFO_FIELDS;
        this.meta.wireBytes = this.info[at + 1] ?? 0;
        this.meta.arrivedMs = (this.info[at + 3] ?? 0) * 1000 + (this.info[at + 4] ?? 0) / 1e6;
        this.frameListener(this.slot(i, this.info[at] ?? 0), this.meta);
      }
    } finally {
      this.inBatch = false;
      this.flush();
    }
  }

  /** A view of one slot, kept while frames have the same length, as nearly all have: making one costs more than judging it. */
  private slot(i: number, length: number): Buffer {
    const kept = this.slots[i];
    if (kept?.length === length) return kept;
    const view = this.received.subarray(i * SLOT_BYTES, i * SLOT_BYTES + length);
    this.slots[i] = view;
    return view;
  }

  /** One system call for the answers of a batch; a frame the kernel refuses is counted and the rest still goes. */
  private flush(): void {
    const count = this.answerCount;
    this.answerCount = 0;
    if (count === 0) return;
    if (count === 1) {
      this.send(this.answers.subarray(0, this.answerBytes[0]));
      return;
    }
    const went = Math.max(0, this.socket.sendMany(this.answers, SLOT_BYTES, this.answerBytes, count));
    this.sent += went;
    for (let i = went; i < count; i++) {
      const start = i * SLOT_BYTES;
      const rc = this.socket.send(this.answers.subarray(start, start + (this.answerBytes[i] ?? 0)));
      if (rc === 0) this.sent++;
      else this.sendErrors++;
    }
  }
}

function notPermitted(link: Link, cause: unknown): LbError {
  return new LbError(
    'LB_CAPABILITY_MISSING',
    `may not read frames of ${link.name}: the capability CAP_NET_RAW is missing`,
    'Give it: in a Pod, securityContext.capabilities.add: ["NET_RAW"]; under systemd, AmbientCapabilities=CAP_NET_RAW; ' +
      'by hand, run as root or through setpriv --inh-caps +net_raw --ambient-caps +net_raw.',
    { cause },
  );
}

function unusable(link: Link, code: string, syscall: string, cause?: unknown): LbError {
  const gone = code === 'ENODEV' || code === 'ENXIO' || code === 'ENETDOWN';
  return new LbError(
    'LB_LINK_UNUSABLE',
    `no frames from ${link.name}: ${syscall} said ${code}`,
    gone
      ? `Bring the interface up: ip link set ${link.name} up`
      : `Look at the interface: ip -s link show ${link.name}`,
    { cause },
  );
}
