import { LbError, type Log, type Timers } from '@openyurt/nodepool-types';
import type { Link } from '../ports/links.ts';

/** Pause before a socket that could not be opened is tried again without news from its link; doubles up to the most. */
const REOPEN_MS = 1_000;
const REOPEN_MOST_MS = 60_000;

/** What all sockets of links have. */
export interface LinkSocket {
  onError(run: (error: LbError) => void): void;
  close(): void;
}

export interface LinkSocketsParts<Socket extends LinkSocket> {
  /** @throws LbError when the link has none to give */
  readonly open: (link: Link) => Socket;
  /** Whether what happened to a link made its socket useless; it is opened anew when next wanted. */
  readonly outlived: (before: Link, now: Link) => boolean;
  readonly timers: Timers;
  readonly log: Log;
  /** Said once for each lasting refusal. */
  readonly complaint: string;
  /** A socket came or went: what can be announced changed. */
  readonly onSockets: () => void;
}

/** One socket of a kind for each link that is wanted, opened when first wanted, closed when its link goes down or away. */
export class LinkSockets<Socket extends LinkSocket> {
  private readonly open = new Map<number, { readonly socket: Socket; readonly link: Link }>();
  private readonly refused = new Map<number, LbError>();
  private readonly said = new Map<number, string>(); // so that a lasting refusal is logged once
  private reopenMs = REOPEN_MS;
  private cancelRetry: (() => void) | undefined;

  constructor(private readonly parts: LinkSocketsParts<Socket>) {}

  /** The socket of a link, opened if need be, or why there is none. */
  want(link: Link): Socket | LbError {
    const socket = this.refused.get(link.index) ?? this.get(link.index);
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
  get(linkIndex: number): Socket | undefined {
    return this.open.get(linkIndex)?.socket;
  }

  /** What else the link needs cannot be had: as if the socket had been refused, until something changes or some time has passed. */
  refuse(link: Link, error: LbError): void {
    this.refused.set(link.index, error);
    if (this.said.get(link.index) !== error.message) {
      this.parts.log.warn(this.parts.complaint, { link: link.name, error: error.message, remedy: error.remedy });
    }
    this.said.set(link.index, error.message);
    this.retryLater();
  }

  /** Closes what lost its link; what was refused may be tried again, for something changed. */
  update(links: readonly Link[]): void {
    const up = new Map(links.filter((link) => link.up).map((link) => [link.index, link]));
    for (const index of this.said.keys()) if (!up.has(index)) this.said.delete(index);
    for (const [index, { socket, link }] of this.open) {
      const now = up.get(index);
      if (now !== undefined && !this.parts.outlived(link, now)) {
        this.open.set(index, { socket, link: now });
        continue;
      }
      this.open.delete(index);
      socket.close();
    }
    this.refused.clear();
    this.reopenMs = REOPEN_MS;
  }

  close(): void {
    this.cancelRetry?.();
    for (const { socket } of this.open.values()) socket.close();
    this.open.clear();
  }

  private start(link: Link): Socket {
    const socket = this.parts.open(link);
    this.open.set(link.index, { socket, link });
    this.said.delete(link.index);
    this.reopenMs = REOPEN_MS;
    socket.onError((error) => {
      if (this.get(link.index) !== socket) return;
      this.open.delete(link.index);
      socket.close();
      this.retrySoon();
      this.refuse(link, error);
      this.parts.onSockets();
    });
    return socket;
  }

  /** What worked a moment ago does not wait behind what never did. */
  private retrySoon(): void {
    this.reopenMs = REOPEN_MS;
    this.cancelRetry?.();
    this.cancelRetry = undefined;
  }

  private retryLater(): void {
    if (this.cancelRetry !== undefined) return;
    this.cancelRetry = this.parts.timers.after(this.reopenMs, () => {
      this.cancelRetry = undefined;
      this.reopenMs = Math.min(2 * this.reopenMs, REOPEN_MOST_MS);
      this.refused.clear();
      this.parts.onSockets();
    });
  }
}
