import { type Clock, LbError, type Log, type Timers } from '@openyurt/nodepool-types';
import type { FrameSocket, FrameSocketFactory } from '../ports/frame-socket.ts';
import type { Link } from '../ports/links.ts';
import { StaleFrames } from './stale-frames.ts';

/** Pause before a socket that could not be opened is tried again without news from its link. */
const REOPEN_MS = 1_000;

export interface LinkSocketsListener {
  /** @param stale it waited while this process stood still */
  onFrame(linkIndex: number, frame: Buffer, stale: boolean): void;
  /** A socket came or went: what can be announced changed. */
  onSockets(): void;
}

/** One frame socket for each link that is wanted, opened when first wanted, closed when its link goes down or away. */
export class LinkSockets {
  private readonly open = new Map<number, FrameSocket>();
  private readonly refused = new Map<number, LbError>();
  private readonly said = new Map<number, string>(); // so that a lasting refusal is logged once
  private cancelRetry: (() => void) | undefined;

  constructor(
    private readonly factory: FrameSocketFactory,
    private readonly clock: Clock,
    private readonly timers: Timers,
    private readonly log: Log,
    private readonly listener: LinkSocketsListener,
  ) {}

  /** The socket of a link, opened if need be, or why there is none. */
  want(link: Link): FrameSocket | LbError {
    const socket = this.open.get(link.index) ?? this.refused.get(link.index);
    if (socket !== undefined) return socket;
    try {
      return this.start(link);
    } catch (error) {
      if (!(error instanceof LbError)) throw error;
      this.refuse(link, error);
      return error;
    }
  }

  /** @returns the socket if it is open */
  get(linkIndex: number): FrameSocket | undefined {
    return this.open.get(linkIndex);
  }

  /** Closes what lost its link; what was refused may be tried again, for something changed. */
  update(links: readonly Link[]): void {
    const up = new Set(links.filter((link) => link.up).map((link) => link.index));
    for (const index of this.said.keys()) if (!up.has(index)) this.said.delete(index);
    for (const [index, socket] of this.open) {
      if (up.has(index)) continue;
      this.open.delete(index);
      socket.close();
    }
    this.refused.clear();
  }

  close(): void {
    this.cancelRetry?.();
    for (const socket of this.open.values()) socket.close();
    this.open.clear();
  }

  private start(link: Link): FrameSocket {
    const socket = this.factory.open(link);
    this.open.set(link.index, socket);
    this.said.delete(link.index);
    const waited = new StaleFrames(this.clock);
    socket.onFrame((frame, { arrivedMs }) => this.listener.onFrame(link.index, frame, waited.isStale(arrivedMs)));
    socket.onError((error) => {
      if (this.open.get(link.index) !== socket) return;
      this.open.delete(link.index);
      socket.close();
      this.refuse(link, error);
      this.listener.onSockets();
    });
    return socket;
  }

  private refuse(link: Link, error: LbError): void {
    this.refused.set(link.index, error);
    if (this.said.get(link.index) !== error.message) {
      this.log.warn('link not usable', { link: link.name, error: error.message, remedy: error.remedy });
    }
    this.said.set(link.index, error.message);
    this.retryLater();
  }

  private retryLater(): void {
    this.cancelRetry?.();
    this.cancelRetry = this.timers.after(REOPEN_MS, () => {
      this.refused.clear();
      this.listener.onSockets();
    });
  }
}
