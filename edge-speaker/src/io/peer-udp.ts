import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { type IpFamily, LbError, type Log } from '@openyurt/nodepool-types';
import type { Endpoint, LanLink } from '../ports/peer-socket.ts';

/**
 * The groups of the hello datagrams: organization-local scope (RFC 2365 §6.2), and link-local scope, not assigned by IANA
 * (RFC 4291 §2.7, RFC 3307 §4.3).
 */
export const HELLO_GROUP: Record<IpFamily, string> = { IPv4: '239.255.103.73', IPv6: 'ff12::efff:6749' };

/** The pool session's UDP in one family: hellos to the group and to members, heartbeats. */
export class PeerUdp {
  private socket: Socket | undefined;
  /** Name of a link in the group → how the socket names it. */
  private readonly joined = new Map<string, { readonly place: string; readonly speaks: boolean }>();

  constructor(
    private readonly family: IpFamily,
    private readonly address: string,
    private readonly log: Log,
  ) {}

  /**
   * @returns the port bound; in IPv4 another one than asked for where that is taken (logged, LB_PORT_TAKEN)
   * @throws Error in IPv6, where the node has none, or the port is taken
   */
  async open(port: number, hear: (bytes: Buffer, from: Endpoint) => void): Promise<number> {
    try {
      this.socket = await bind(this.family, port, this.address);
    } catch (error) {
      if (!isRefusedPort(error) || this.family === 'IPv6') throw error;
      const taken = portTaken('UDP', port, error);
      this.log.error(taken.message, { code: taken.code, remedy: taken.remedy });
      this.socket = await bind(this.family, 0, this.address);
    }
    const { socket } = this;
    socket.on('message', hear);
    socket.on('error', (error) => this.log.debug('pool session datagram not sent', { reason: error.message }));
    socket.setMulticastTTL(1); // a site is one LAN
    socket.setMulticastLoopback(false);
    return socket.address().port;
  }

  /** Hears the group on all links that have the family; speaks to it, in IPv6, only on those without IPv4. */
  setLinks(links: readonly LanLink[]): void {
    const wanted = new Map(links.flatMap((link) => this.placeOf(link)));
    for (const [name, { place }] of this.joined) {
      if (wanted.get(name)?.place === place) continue;
      this.joined.delete(name);
      this.attempt('left', place, (socket) => socket.dropMembership(HELLO_GROUP[this.family], place));
    }
    for (const [name, at] of wanted) {
      const { place } = at;
      const join = (socket: Socket) => socket.addMembership(HELLO_GROUP[this.family], place);
      // the same place may have got, or lost, its IPv4 address
      if (this.joined.has(name) || this.attempt('joined', place, join)) this.joined.set(name, at);
    }
  }

  sendTo(bytes: Buffer, to: Endpoint): void {
    this.socket?.send(bytes, to.port, to.address);
  }

  sendToGroup(bytes: Buffer, port: number): void {
    for (const { place, speaks } of this.joined.values()) {
      if (!speaks) continue;
      this.attempt('used', place, (socket) => {
        socket.setMulticastInterface(place);
        socket.send(bytes, port, HELLO_GROUP[this.family]);
      });
    }
  }

  async close(): Promise<void> {
    const { socket } = this;
    this.socket = undefined;
    this.joined.clear();
    if (socket !== undefined) await new Promise<void>((resolve) => socket.close(resolve));
  }

  /** In IPv4 a socket names a link by its address, in IPv6 by its zone. */
  private placeOf({ name, ips }: LanLink): [string, { place: string; speaks: boolean }][] {
    const [ipv4] = ips.filter((ip) => !isIPv6(ip));
    if (this.family === 'IPv4') return ipv4 === undefined ? [] : [[name, { place: ipv4, speaks: true }]];
    return ips.some(isIPv6) ? [[name, { place: `::%${name}`, speaks: ipv4 === undefined }]] : [];
  }

  /** A link may go at any moment: that its socket option fails is no error of the session. */
  private attempt(what: string, place: string, run: (socket: Socket) => void): boolean {
    if (this.socket === undefined) return false;
    try {
      run(this.socket);
      return true;
    } catch (error) {
      this.log.debug('hello group not reachable over link', { what, place, reason: (error as Error).message });
      return false;
    }
  }
}

export function portTaken(protocol: 'TCP' | 'UDP', port: number, cause: unknown): LbError {
  return new LbError(
    'LB_PORT_TAKEN',
    `${protocol} port ${port} of the pool session is taken; another one is used`,
    `End what listens on ${protocol} port ${port} of this node (ss -lnp), or give all members another --session-port.`,
    { cause },
  );
}

/** A literal address needs no look-up: it is sent within the call, which also keeps `setMulticastInterface` in step. */
function literal(
  host: string,
  _options: unknown,
  done: (error: Error | null, address: string, family: number) => void,
): void {
  done(null, host, isIPv6(host) ? 6 : 4);
}

function bind(family: IpFamily, port: number, address: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket =
      family === 'IPv4'
        ? createSocket({ type: 'udp4', lookup: literal })
        : createSocket({ type: 'udp6', ipv6Only: true, lookup: literal });
    socket.once('error', reject);
    socket.bind({ port, address, exclusive: true }, () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

/** Taken by another process, or below 1024 without the right to it: another port serves too, ARP goes on. */
export function isRefusedPort(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EADDRINUSE' || code === 'EACCES';
}
