import { familyOf, ipv4Value, type Random } from '@openyurt/nodepool-types';
import type { Link } from '../ports/links.ts';
import { arpProbe } from '../wire/arp.ts';
import { ipv6Bytes } from '../wire/ipv6.ts';
import { NONCE_BYTES } from '../wire/ndp.ts';
import { advertisementFrameToAll, advertisementToAll } from '../wire/neighbour-advertisement.ts';
import { neighbourProbe } from '../wire/neighbour-solicitation.ts';
import { gratuitousFrames } from './gratuitous.ts';
import type { NodeSockets } from './node-sockets.ts';

const ALL_NODES = 'ff02::1';

/** What this node says to everyone about an address, in the words of its family. Without a socket it says nothing. */
export class Voice {
  private readonly nonces = new Map<string, Buffer>();

  constructor(
    private readonly sockets: Pick<NodeSockets, 'frames' | 'icmpv6'>,
    private readonly random: Random,
  ) {}

  /** Asks whether somebody uses it: an ARP probe, or a solicitation from `::`, which goes out as a frame too. */
  probe(address: string, { index, mac }: Link): void {
    const nonce = this.nonceFor(address);
    const frame =
      nonce === undefined ? arpProbe(mac, ipv4Value(address)) : neighbourProbe(mac, ipv6Bytes(address), nonce);
    this.sockets.frames(index)?.send(frame);
  }

  /** Tells that it is here: gratuitous ARP in both forms, or an unsolicited neighbour advertisement. */
  tell(address: string, { index, mac }: Link): void {
    if (familyOf(address) === 'IPv4') {
      for (const frame of gratuitousFrames(address, mac)) this.sockets.frames(index)?.send(frame);
    } else this.tellAllNodes(index, ipv6Bytes(address), mac);
  }

  /**
   * RFC 4861 §7.2.6, and §7.2.4 where one asked who has no address yet. In the first second after a link has come up the kernel
   * checks its own address and sends nothing from it, while those who knew the former owner wait: then it goes out as a frame.
   */
  tellAllNodes(linkIndex: number, target: Buffer, mac: Buffer): void {
    const socket = this.sockets.icmpv6(linkIndex);
    if (socket?.send(advertisementToAll(target, mac), ALL_NODES) !== false) return;
    if (this.sockets.icmpv6(linkIndex) !== socket) return; // it died of it, and all it spoke for was withdrawn
    this.sockets.frames(linkIndex)?.send(advertisementFrameToAll(target, mac));
  }

  /**
   * What our probes for an IPv6 address carry until it is forgotten; undefined for IPv4. It tells our own probe, reflected,
   * from a stranger's, and is no secret. Never zero. RFC 7527 §4.1.
   */
  nonceFor(address: string): Buffer | undefined {
    if (familyOf(address) === 'IPv4') return undefined;
    let nonce = this.nonces.get(address);
    if (nonce === undefined) {
      nonce = Buffer.alloc(NONCE_BYTES);
      nonce.writeUIntBE(1 + Math.floor(this.random() * (2 ** 48 - 1)), 0, NONCE_BYTES);
      this.nonces.set(address, nonce);
    }
    return nonce;
  }

  forget(address: string): void {
    this.nonces.delete(address);
  }
}
