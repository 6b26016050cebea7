import { createSocket, type Socket } from 'node:dgram';
import { isIPv4 } from 'node:net';
import { LbError, type Log } from '@openyurt/nodepool-types';
import type { Endpoint, LanLink } from '../ports/peer-socket.ts';

/** IPv4 group of the hello datagrams: organization-local scope, RFC 2365 §6.2. */
export const HELLO_GROUP = '239.255.103.73';

/** The pool session's UDP: hellos to the group and to members, heartbeats. */
export class PeerUdp {
  private socket: Socket | undefined;
  private links: readonly LanLink[] = [];
  private readonly joined = new Map<string, string>();

  constructor(
    private readonly port: number,
    private readonly address: string,
    private readonly log: Log,
  ) {}

  /** @returns the port bound; another one than asked for where that is taken (logged, LB_PORT_TAKEN) */
  async open(hear: (bytes: Buffer, from: Endpoint) => void): Promise<number> {
    try {
      this.socket = await bind(this.port, this.address);
    } catch (error) {
      if (!isRefusedPort(error)) throw error;
      const taken = portTaken('UDP', this.port, error);
      this.log.error(taken.message, { code: taken.code, remedy: taken.remedy });
      this.socket = await bind(0, this.address);
    }
    const { socket } = this;
    socket.on('message', hear);
    socket.on('error', (error) => this.log.debug('pool session datagram not sent', { reason: error.message }));
    socket.setMulticastTTL(1); // a site is one LAN
    socket.setMulticastLoopback(false);
    this.setLinks(this.links);
    return socket.address().port;
  }

  /** May be called before {@link open}. */
  setLinks(links: readonly LanLink[]): void {
    this.links = links;
    const wanted = new Map(links.filter(({ ip }) => isIPv4(ip)).map(({ name, ip }) => [`${name} ${ip}`, ip]));
    for (const [key, ip] of this.joined) {
      if (wanted.has(key)) continue;
      this.joined.delete(key);
      this.attempt('left', ip, (socket) => socket.dropMembership(HELLO_GROUP, ip));
    }
    for (const [key, ip] of wanted) {
      if (this.joined.has(key)) continue;
      if (this.attempt('joined', ip, (socket) => socket.addMembership(HELLO_GROUP, ip))) this.joined.set(key, ip);
    }
  }

  sendTo(bytes: Buffer, to: Endpoint): void {
    if (isIPv4(to.address)) this.socket?.send(bytes, to.port, to.address);
  }

  sendToGroup(bytes: Buffer): void {
    for (const ip of this.joined.values()) {
      this.attempt('used', ip, (socket) => {
        socket.setMulticastInterface(ip);
        socket.send(bytes, this.port, HELLO_GROUP);
      });
    }
  }

  async close(): Promise<void> {
    const { socket } = this;
    this.socket = undefined;
    this.joined.clear();
    if (socket !== undefined) await new Promise<void>((resolve) => socket.close(resolve));
  }

  /** A link may go at any moment: that its socket option fails is no error of the session. */
  private attempt(what: string, ip: string, run: (socket: Socket) => void): boolean {
    if (this.socket === undefined) return false;
    try {
      run(this.socket);
      return true;
    } catch (error) {
      this.log.debug('hello group not reachable over link', { what, ip, reason: (error as Error).message });
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
  done(null, host, 4);
}

function bind(port: number, address: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type: 'udp4', lookup: literal });
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
