import { ipv4Value } from '@openyurt/nodepool-types';

/** `probing`: asked about, not answered for. */
export type Phase = 'probing' | 'announced';

export interface TableEntry {
  /** Canonical text. */
  readonly address: string;
  /** The one link on which it is announced or probed. */
  readonly linkIndex: number;
  readonly phase: Phase;
}

/** Which addresses this node answers for, and where. Read once for every frame: IPv4 is found by its number. */
export class AnnouncementTable {
  private readonly byIpv4 = new Map<number, TableEntry>();

  /** @param address canonical IPv4 text */
  set(address: string, linkIndex: number, phase: Phase): void {
    this.byIpv4.set(ipv4Value(address), { address, linkIndex, phase });
  }

  delete(address: string): void {
    this.byIpv4.delete(ipv4Value(address));
  }

  /** @param ip an IPv4 address as a number below 2^32 */
  findIpv4(ip: number, linkIndex: number): TableEntry | undefined {
    const entry = this.byIpv4.get(ip);
    return entry?.linkIndex === linkIndex ? entry : undefined;
  }

  get size(): number {
    return this.byIpv4.size;
  }
}
