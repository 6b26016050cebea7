import { isIPv6 } from 'node:net';
import { LbError, type Log } from '@openyurt/nodepool-types';
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
  /** The one IPv4 address to listen at; every address of the node, of both families, unless told. */
  readonly address?: string;
  readonly log: Log;
  /** Run before each datagram is looked at: what came meanwhile and must not wait for it. */
  readonly first?: () => void;
}

interface Pair {
  readonly udp: PeerUdp;
  readonly tls: PeerTls;
}

/**
 * The pool session's sockets on a real LAN: a pair for each family, on the same ports. Members meet over IPv4 where they have
 * it; the hello goes to the IPv6 group only on links without.
 */
export class PeerLan implements PeerSocket {
  private readonly ipv4: Pair;
  /** Bound after the other: it takes the ports that one got. */
  private ipv6: Pair | undefined;
  private links: readonly LanLink[] = [];

  constructor(private readonly options: PeerLanOptions) {
    const { port, address = '0.0.0.0', log } = options;
    this.ipv4 = { udp: new PeerUdp('IPv4', address, log), tls: new PeerTls(port, address, log) };
  }

  async open(handlers: PeerSocketHandlers): Promise<BoundPorts> {
    const { port, address } = this.options;
    const udp = await this.ipv4.udp.open(port, this.heard(handlers));
    const tcp = await this.ipv4.tls.listen(handlers);
    if (address === undefined) await this.openIpv6({ udp, tcp }, handlers);
    this.setLinks(this.links);
    return { udp, tcp, deaf: port !== 0 && udp !== port };
  }

  setLinks(links: readonly LanLink[]): void {
    this.links = links;
    this.ipv4.udp.setLinks(links);
    this.ipv6?.udp.setLinks(links);
  }

  sendTo(bytes: Buffer, to: Endpoint): void {
    this.pairFor(to)?.udp.sendTo(bytes, to);
  }

  sendToGroup(bytes: Buffer): void {
    this.ipv4.udp.sendToGroup(bytes, this.options.port);
    this.ipv6?.udp.sendToGroup(bytes, this.options.port);
  }

  dial(to: Endpoint, credential: PskCredential, events: ChannelEvents): PeerChannel {
    return (this.pairFor(to) ?? this.ipv4).tls.dial(to, credential, events);
  }

  async close(): Promise<void> {
    const pairs = [this.ipv4, this.ipv6].filter((pair) => pair !== undefined);
    await Promise.all(pairs.flatMap(({ udp, tls }) => [udp.close(), tls.close()]));
  }

  private heard(handlers: PeerSocketHandlers): PeerSocketHandlers['datagram'] {
    const { first } = this.options;
    return (bytes, from) => {
      first?.();
      handlers.datagram(bytes, from);
    };
  }

  private pairFor({ address }: Endpoint): Pair | undefined {
    return isIPv6(address) ? this.ipv6 : this.ipv4;
  }

  /** A node may have no IPv6, or something else at its port there: the session goes on over IPv4. */
  private async openIpv6({ udp, tcp }: { udp: number; tcp: number }, handlers: PeerSocketHandlers): Promise<void> {
    const { log } = this.options;
    const pair = { udp: new PeerUdp('IPv6', '::', log), tls: new PeerTls(tcp, '::', log) };
    try {
      await pair.udp.open(udp, this.heard(handlers));
      await pair.tls.listen(handlers);
      this.ipv6 = pair;
    } catch (error) {
      if (error instanceof LbError) log.error(error.message, { code: error.code, remedy: error.remedy });
      else log.info('pool session without IPv6', { reason: (error as Error).message });
      await Promise.all([pair.udp.close(), pair.tls.close()]);
    }
  }
}
