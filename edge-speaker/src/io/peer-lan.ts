import type { Log } from '@openyurt/nodepool-types';
import type {
  BoundPorts,
  ChannelEvents,
  Endpoint,
  LanLink,
  PeerChannel,
  PeerSocket,
  PeerSocketHandlers,
  PskCredential,
} from '../ports/peer-socket.ts';
import { PeerTls } from './peer-tls.ts';
import { PeerUdp } from './peer-udp.ts';

export interface PeerLanOptions {
  /** UDP and TCP. */
  readonly port: number;
  /** Where to listen; every IPv4 address of the node unless told. */
  readonly address?: string;
  readonly log: Log;
}

/** The pool session's sockets on a real LAN. */
export class PeerLan implements PeerSocket {
  private readonly udp: PeerUdp;
  private readonly tls: PeerTls;

  constructor(private readonly options: PeerLanOptions) {
    const { port, address = '0.0.0.0', log } = options;
    this.udp = new PeerUdp(port, address, log);
    this.tls = new PeerTls(port, address, log);
  }

  async open(handlers: PeerSocketHandlers): Promise<BoundPorts> {
    const udp = await this.udp.open(handlers.datagram);
    const tcp = await this.tls.listen(handlers);
    return { udp, tcp, deaf: this.options.port !== 0 && udp !== this.options.port };
  }

  setLinks(links: readonly LanLink[]): void {
    this.udp.setLinks(links);
  }

  sendTo(bytes: Buffer, to: Endpoint): void {
    this.udp.sendTo(bytes, to);
  }

  sendToGroup(bytes: Buffer): void {
    this.udp.sendToGroup(bytes);
  }

  dial(to: Endpoint, credential: PskCredential, events: ChannelEvents): PeerChannel {
    return this.tls.dial(to, credential, events);
  }

  async close(): Promise<void> {
    await Promise.all([this.udp.close(), this.tls.close()]);
  }
}
