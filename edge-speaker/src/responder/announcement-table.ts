import { familyOf, ipv4Value } from '@openyurt/nodepool-types';
import { IPV6_BYTES, ipv6Bytes, sameIpv6 } from '../wire/ipv6.ts';

/** `probing`: asked about, not answered for. */
export type Phase = 'probing' | 'announced';

export interface TableEntry {
  /** Canonical text. */
  readonly address: string;
  /** The one link on which it is announced or probed. */
  readonly linkIndex: number;
  readonly phase: Phase;
}

/** An IPv6 address as frames hold it. */
export interface Ipv6Entry extends TableEntry {
  readonly bytes: Buffer;
  /** Six bytes that go into our probes for it (RFC 7527). */
  readonly nonce: Buffer | undefined;
}

/**
 * Which addresses this node answers for, and where. Read once for every frame: IPv4 is found by its number, IPv6 by the last 32
 * bits and then by all bytes, so that nothing is made of a frame to look it up.
 */
export class AnnouncementTable {
  private readonly byIpv4 = new Map<number, TableEntry>();
  private readonly byIpv6 = new Map<number, readonly Ipv6Entry[]>();
  private ipv6Count = 0;

  /**
   * @param address canonical text
   * @param nonce kept with an IPv6 address until the next one
   */
  set(address: string, linkIndex: number, phase: Phase, nonce?: Buffer): void {
    if (familyOf(address) === 'IPv4') {
      this.byIpv4.set(ipv4Value(address), { address, linkIndex, phase });
      return;
    }
    const bytes = ipv6Bytes(address);
    this.put(bytes, { address, linkIndex, phase, bytes, nonce: nonce ?? this.find(bytes, 0)?.nonce });
  }

  delete(address: string): void {
    if (familyOf(address) === 'IPv4') this.byIpv4.delete(ipv4Value(address));
    else this.put(ipv6Bytes(address), undefined);
  }

  /** @param ip an IPv4 address as a number below 2^32 */
  findIpv4(ip: number, linkIndex: number): TableEntry | undefined {
    const entry = this.byIpv4.get(ip);
    return entry?.linkIndex === linkIndex ? entry : undefined;
  }

  /** @param at where the sixteen bytes of the address stand in `b` */
  findIpv6(b: Buffer, at: number, linkIndex: number): Ipv6Entry | undefined {
    const entry = this.find(b, at);
    return entry?.linkIndex === linkIndex ? entry : undefined;
  }

  get size(): number {
    return this.byIpv4.size + this.ipv6Count;
  }

  private find(b: Buffer, at: number): Ipv6Entry | undefined {
    const alike = this.byIpv6.get(lastBits(b, at));
    if (alike === undefined) return undefined;
    for (const entry of alike) if (sameIpv6(entry.bytes, 0, b, at)) return entry;
    return undefined;
  }

  private put(bytes: Buffer, entry: Ipv6Entry | undefined): void {
    const key = lastBits(bytes, 0);
    const alike = this.byIpv6.get(key) ?? [];
    const others = alike.filter((other) => !sameIpv6(other.bytes, 0, bytes, 0));
    const after = entry === undefined ? others : [...others, entry];
    this.ipv6Count += after.length - alike.length;
    if (after.length === 0) this.byIpv6.delete(key);
    else this.byIpv6.set(key, after);
  }
}

function lastBits(b: Buffer, at: number): number {
  return b.readUInt32BE(at + IPV6_BYTES - 4);
}
