import type { Link } from '../ports/links.ts';
import { AnnouncementTable, type Phase } from '../responder/announcement-table.ts';
import { decideArp } from '../responder/decide-arp.ts';
import { decideNdp } from '../responder/decide-ndp.ts';
import { type Decision, type Listener, tooLate } from '../responder/decision.ts';
import { ARP_FRAME_BYTES, ArpView } from '../wire/arp.ts';
import { ETHERTYPE_ARP, etherTypeOf } from '../wire/ethernet.ts';
import { formatMac } from '../wire/mac-address.ts';
import { NdpView } from '../wire/ndp.ts';
import { ADVERTISEMENT_FRAME_BYTES, answerSolicitation } from '../wire/neighbour-advertisement.ts';
import type { Count } from './announcer-event.ts';

export interface ReceiverParts {
  readonly count: Count;
  /** The frame's buffer is used again for the next answer. */
  readonly send: (linkIndex: number, frame: Buffer) => void;
  /** Advertises `target` to all nodes: one asked who has no address yet. */
  readonly tellAllNodes: (linkIndex: number, target: Buffer, mac: Buffer) => void;
  readonly onConflict: (address: string, byMac: string) => void;
  readonly onHandOver: (address: string, linkIndex: number, byMac: string) => void;
}

type Claim = Extract<Decision<string>, { kind: 'conflict' | 'hand-over' }>;

/** Frames in, answers out: asks `decideArp` or `decideNdp`, does what it says and counts it. */
export class Receiver {
  /** Of other members; lower-case texts. */
  poolMacs: ReadonlySet<string> = new Set();
  /** Of all LAN interfaces of this node. */
  nodeMacs: ReadonlySet<string> = new Set();
  private readonly table = new AnnouncementTable();
  private readonly arpAnswer = Buffer.alloc(ARP_FRAME_BYTES);
  private readonly ndpAnswer = Buffer.alloc(ADVERTISEMENT_FRAME_BYTES);
  private readonly isPoolMac = (frame: Buffer, at: number): boolean => this.poolMacs.has(formatMac(frame, at));
  private readonly isNodeMac = (frame: Buffer, at: number): boolean => this.nodeMacs.has(formatMac(frame, at));
  private listener: Listener = this.listenerFor(-1, Buffer.alloc(0));

  constructor(private readonly parts: ReceiverParts) {}

  /**
   * Answers for an address from now on, or, while it is probed, watches for objections.
   * @param nonce that of our probes for an IPv6 address; kept until the next one
   */
  listen(address: string, linkIndex: number, phase: Phase, nonce?: Buffer): void {
    this.table.set(address, linkIndex, phase, nonce);
  }

  fallSilent(address: string): void {
    this.table.delete(address);
  }

  /**
   * @param link where the frame came in; undefined when that link is gone by now
   * @param stale it waited while this process stood still
   */
  receive(link: Link | undefined, frame: Buffer, stale: boolean): void {
    if (link === undefined) return;
    if (etherTypeOf(frame) === ETHERTYPE_ARP) this.receiveArp(link, frame, stale);
    else this.receiveNdp(link, frame, stale);
  }

  private receiveArp(link: Link, frame: Buffer, stale: boolean): void {
    const packet = ArpView.over(frame);
    const asked = decideArp(packet, this.table, this.listenerOf(link));
    const decision = stale ? tooLate(asked) : asked;
    if (packet !== undefined && decision.kind === 'reply') {
      packet.answer(link.mac, this.arpAnswer);
      this.parts.send(link.index, this.arpAnswer); // and then it is counted
      this.parts.count('arp_replies', decision.entry.address);
    }
    this.parts.count('arp_received', nameOf(decision));
    if (packet !== undefined && isClaim(decision)) this.report(decision, link, formatMac(packet.senderMac));
  }

  private receiveNdp(link: Link, frame: Buffer, stale: boolean): void {
    const packet = NdpView.over(frame);
    const asked = decideNdp(packet, this.table, this.listenerOf(link));
    const decision = stale ? tooLate(asked) : asked;
    if (typeof packet !== 'string' && decision.kind === 'reply') {
      this.answerNdp(packet, link);
      this.parts.count('ndp_replies', decision.entry.address);
    }
    this.parts.count('ndp_received', nameOf(decision));
    if (typeof packet !== 'string' && isClaim(decision))
      this.report(decision, link, formatMac(frame, packet.ownerMacAt));
  }

  /** RFC 4861 §7.2.4: who has no address yet hears of it with all the others. */
  private answerNdp(packet: NdpView, link: Link): void {
    if (packet.isProbe) this.parts.tellAllNodes(link.index, packet.target, link.mac);
    else {
      answerSolicitation(packet, link.mac, this.ndpAnswer);
      this.parts.send(link.index, this.ndpAnswer);
    }
  }

  private report({ kind, entry: { address } }: Claim, link: Link, byMac: string): void {
    if (kind === 'conflict') {
      this.parts.count('conflicts', address);
      this.parts.onConflict(address, byMac);
    } else this.parts.onHandOver(address, link.index, byMac);
  }

  /** Frames come in bursts from one link: its listener is kept. */
  private listenerOf({ index, mac }: Link): Listener {
    if (this.listener.linkIndex !== index || this.listener.mac !== mac) {
      this.listener = this.listenerFor(index, mac);
    }
    return this.listener;
  }

  private listenerFor(linkIndex: number, mac: Buffer): Listener {
    return { linkIndex, mac, isPoolMac: this.isPoolMac, isNodeMac: this.isNodeMac };
  }
}

function isClaim(decision: Decision<string>): decision is Claim {
  return decision.kind === 'conflict' || decision.kind === 'hand-over';
}

function nameOf(decision: Decision<string>): string {
  return decision.kind === 'drop' ? decision.reason : decision.kind;
}
