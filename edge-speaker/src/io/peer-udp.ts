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
  private readonly waiting: { readonly bytes: Buffer; readonly to: Endpoint }[] = [];

  constructor(
    private readonly family: IpFamily,
    private readonly address: string,
    private readonly log: Log,
  ) {}

  /**
   * @returns the port bound; in IPv4 another one than asked for where that is taken (logged, LB_PORT_TAKEN)
   * @throws LbError `LB_PORT_TAKEN` in IPv6; Error, where the node has none
   */
  async open(port: number, hear: (bytes: Buffer, from: Endpoint) => void): Promise<number> {
    try {
      this.socket = await bind(this.family, port, this.address);
    } catch (error) {
      if (!isRefusedPort(error)) throw error;
      const taken = portTaken('UDP', this.family, port, error);
      if (this.family === 'IPv6') throw taken;
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
      this.leave(place);
    }
    for (const [name, at] of wanted) {
      // the same place may have got, or lost, its IPv4 address
      if (this.joined.has(name) || this.join(at.place)) this.joined.set(name, at);
    }
  }

  /** One a turn of the loop, which looks at its other sockets in between: a question on the LAN waits for no heartbeats. */
  sendTo(bytes: Buffer, to: Endpoint): void {
    this.waiting.push({ bytes, to });
    if (this.waiting.length === 1) setImmediate(() => this.sendNext());
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
    this.waiting.length = 0;
    this.joined.clear();
    if (socket !== undefined) await new Promise<void>((resolve) => socket.close(resolve));
  }

  private sendNext(): void {
    const next = this.waiting.shift();
    if (next === undefined) return;
    this.socket?.send(next.bytes, next.to.port, next.to.address);
    if (this.waiting.length > 0) setImmediate(() => this.sendNext());
  }

  /** In IPv4 a socket names a link by its address, in IPv6 by its zone. */
  private placeOf({ name, ips }: LanLink): [string, { place: string; speaks: boolean }][] {
    const [ipv4] = ips.filter((ip) => !isIPv6(ip));
    if (this.family === 'IPv4') return ipv4 === undefined ? [] : [[name, { place: ipv4, speaks: true }]];
    return ips.some(isIPv6) ? [[name, { place: `::%${name}`, speaks: ipv4 === undefined }]] : [];
  }

  private join(place: string): boolean {
    return this.attempt('joined', place, (socket) => {
      try {
        socket.addMembership(HELLO_GROUP[this.family], place);
      } catch (error) {
        // In it already: its address had moved to another link before it was left.
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      }
    });
  }

  /**
   * An IPv6 link is named, and one that was renamed or removed has its name no more: then the kernel would take any other
   * link's membership instead. So all are left, and those that stay are joined again.
   */
  private leave(place: string): void {
    const group = HELLO_GROUP[this.family];
    if (this.family === 'IPv4') {
      this.attempt('left', place, (socket) => socket.dropMembership(group, place));
      return;
    }
    while (this.drop(group)) {}
    for (const [name, { place: other }] of this.joined) if (!this.join(other)) this.joined.delete(name);
  }

  /** Any one membership of the group, the newest first. @returns whether there was one */
  private drop(group: string): boolean {
    try {
      this.socket?.dropMembership(group);
      return this.socket !== undefined;
    } catch {
      return false;
    }
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

export function portTaken(protocol: 'TCP' | 'UDP', family: IpFamily, port: number, cause: unknown): LbError {
  // The ports are told once for both families, so in IPv6 no other will do.
  const then = family === 'IPv4' ? 'another one is used' : 'members do not meet over IPv6 from this node';
  return new LbError(
    'LB_PORT_TAKEN',
    `${protocol} port ${port} of the pool session is taken for ${family}; ${then}`,
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
    const refused = (error: Error) => socket.close(() => reject(error));
    socket.once('error', refused);
    socket.bind({ port, address, exclusive: true }, () => {
      socket.off('error', refused);
      resolve(socket);
    });
  });
}

/** Taken by another process, or below 1024 without the right to it: another port serves too, ARP goes on. */
export function isRefusedPort(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EADDRINUSE' || code === 'EACCES';
}
