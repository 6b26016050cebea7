import { IPV6_ADD_MEMBERSHIP, IPV6_DROP_MEMBERSHIP, solicitedNodeMembership } from './icmpv6-options.ts';
import { errnoOfRaw, type RawSocket, setOption } from './icmpv6-raw.ts';

/** A socket that holds memberships. */
interface Holder {
  readonly socket: RawSocket;
  groups: number;
  full: boolean;
}

interface Group {
  readonly holder: Holder;
  readonly addresses: Set<string>;
}

/**
 * The solicited-node groups of one link. A socket takes as many as fit into net.core.optmem_max (56 bytes each: 2,340 of the
 * 128 KiB of new kernels, 365 of the 20 KiB before 6.7), so there may be several.
 */
export class SolicitedGroups {
  private readonly groups = new Map<number, Group>();
  private readonly holders: Holder[];

  /**
   * @param first the socket that sends; it stays open when its last group goes
   * @param open makes another one; throws what raw-socket throws
   */
  constructor(
    private readonly linkIndex: number,
    first: RawSocket,
    private readonly open: () => RawSocket,
  ) {
    this.holders = [{ socket: first, groups: 0, full: false }];
  }

  get size(): number {
    return this.groups.size;
  }

  /** @throws Error of raw-socket; the address is then not joined */
  join(address: string): void {
    const bits = lastBits(address);
    const group = this.groups.get(bits);
    if (group !== undefined) group.addresses.add(address);
    else this.groups.set(bits, { holder: this.hold(bits), addresses: new Set([address]) });
  }

  leave(address: string): void {
    const bits = lastBits(address);
    const group = this.groups.get(bits);
    if (group === undefined || !group.addresses.delete(address) || group.addresses.size > 0) return;
    this.groups.delete(bits);
    this.release(group.holder, bits);
  }

  /** Leaves all: the kernel does so for a socket that closes. */
  close(): void {
    for (const { socket } of this.holders) socket.close();
    this.groups.clear();
  }

  private hold(bits: number): Holder {
    for (const holder of this.holders) {
      if (!holder.full && this.add(holder, bits)) return holder;
    }
    const holder: Holder = { socket: this.open(), groups: 0, full: false };
    try {
      setOption(holder.socket, IPV6_ADD_MEMBERSHIP, solicitedNodeMembership(bits, this.linkIndex));
    } catch (error) {
      holder.socket.close();
      throw error;
    }
    holder.groups = 1;
    this.holders.push(holder);
    return holder;
  }

  /** @returns false when the socket has no room */
  private add(holder: Holder, bits: number): boolean {
    try {
      setOption(holder.socket, IPV6_ADD_MEMBERSHIP, solicitedNodeMembership(bits, this.linkIndex));
    } catch (error) {
      if (errnoOfRaw(error) !== 'ENOMEM') throw error;
      holder.full = true;
      return false;
    }
    holder.groups++;
    return true;
  }

  private release(holder: Holder, bits: number): void {
    holder.groups--;
    holder.full = false;
    if (holder.groups === 0 && holder !== this.holders[0]) {
      holder.socket.close();
      this.holders.splice(this.holders.indexOf(holder), 1);
      return;
    }
    try {
      setOption(holder.socket, IPV6_DROP_MEMBERSHIP, solicitedNodeMembership(bits, this.linkIndex));
    } catch {
      // the interface went, or forgot its groups when its MTU fell below 1280: there is nothing to leave
    }
  }
}

/** The low 24 bits of an IPv6 address in canonical text. */
function lastBits(address: string): number {
  const groups = address.slice(address.lastIndexOf('::') + 1).split(':');
  const at = (fromEnd: number) => Number.parseInt(groups[groups.length - fromEnd] || '0', 16);
  return ((at(2) & 0xff) << 16) | at(1);
}
