import type { Icmpv6Socket } from '../ports/icmpv6-socket.ts';
import type { NodeSockets } from './node-sockets.ts';

/**
 * Listens in the solicited-node group of each IPv6 address that is probed or announced, from before its first probe (RFC 4862
 * §5.4.2) until it is given up: network cards and switches that snoop MLD keep other groups' frames away. Each address joins
 * once; the socket counts those that share a group.
 */
export class MulticastGroups {
  private readonly joined = new Map<string, Icmpv6Socket>();

  constructor(private readonly sockets: Pick<NodeSockets, 'icmpv6'>) {}

  /** @param address canonical IPv6 text */
  join(address: string, linkIndex: number): void {
    const socket = this.sockets.icmpv6(linkIndex);
    if (socket === undefined || this.joined.get(address) === socket) return;
    this.leave(address);
    this.joined.set(address, socket);
    socket.join(address);
  }

  /** What was joined on a socket that is closed by now is left already. */
  leave(address: string): void {
    const socket = this.joined.get(address);
    this.joined.delete(address);
    if (socket !== undefined && this.sockets.icmpv6(socket.link.index) === socket) socket.leave(address);
  }
}
