import type { Link } from '../ports/links.ts';
import { AnnouncementTable, type Phase } from '../responder/announcement-table.ts';
import { type ArpDecision, decideArp, type Listener, tooLate } from '../responder/decide-arp.ts';
import { DROP_REASONS } from '../responder/drop-reason.ts';
import { ARP_FRAME_BYTES, ArpView, arpReply } from '../wire/arp.ts';
import { formatMac } from '../wire/mac-address.ts';
import type { Count } from './announcer-event.ts';

export interface ReceiverParts {
  readonly count: Count;
  readonly send: (linkIndex: number, frame: Buffer) => void;
  readonly onConflict: (address: string, byMac: string) => void;
  readonly onHandOver: (address: string, linkIndex: number, byMac: string) => void;
}

const DECISIONS = ['reply', 'conflict', 'hand-over', ...DROP_REASONS] as const;
/** Made once: a flood must not make garbage. */
const DECISION_LABELS = Object.fromEntries(DECISIONS.map((decision) => [decision, { decision }])) as Record<
  (typeof DECISIONS)[number],
  { readonly decision: string }
>;

/** Frames in, answers out: asks `decideArp`, does what it says and counts it. */
export class Receiver {
  /** Lower-case texts. */
  poolMacs: ReadonlySet<string> = new Set();
  private readonly table = new AnnouncementTable();
  private readonly labels = new Map<string, { readonly address: string }>();
  private readonly answer = Buffer.alloc(ARP_FRAME_BYTES);
  private listener: Listener = { linkIndex: -1, mac: Buffer.alloc(0), isPoolMac: () => false };
  private readonly isPoolMac = (mac: Buffer): boolean => this.poolMacs.has(formatMac(mac));

  constructor(private readonly parts: ReceiverParts) {}

  /** Answers for an address from now on, or, while it is probed, watches for objections. */
  listen(address: string, linkIndex: number, phase: Phase): void {
    this.table.set(address, linkIndex, phase);
  }

  fallSilent(address: string): void {
    this.table.delete(address);
    this.labels.delete(address);
  }

  /**
   * @param link where the frame came in; undefined when that link is gone by now
   * @param stale it waited while this process stood still
   */
  receive(link: Link | undefined, frame: Buffer, stale: boolean): void {
    if (link === undefined) return;
    const packet = ArpView.over(frame);
    const asked = decideArp(packet, this.table, this.listenerOf(link));
    const decision = stale ? tooLate(asked) : asked;
    this.parts.count('arp_received', labelsFor(decision));
    if (decision.kind === 'drop' || packet === undefined) return;
    const { address } = decision.entry;
    if (decision.kind === 'reply') {
      arpReply(link.mac, packet.targetIp, packet.senderMac, packet.senderIp, this.answer);
      this.parts.send(link.index, this.answer);
      this.parts.count('arp_replies', this.labelsOf(address));
    } else if (decision.kind === 'conflict') {
      this.parts.count('conflicts', this.labelsOf(address));
      this.parts.onConflict(address, formatMac(packet.senderMac));
    } else {
      this.parts.onHandOver(address, link.index, formatMac(packet.senderMac));
    }
  }

  /** Frames come in bursts from one link: its listener is kept. */
  private listenerOf({ index, mac }: Link): Listener {
    if (this.listener.linkIndex !== index || this.listener.mac !== mac) {
      this.listener = { linkIndex: index, mac, isPoolMac: this.isPoolMac };
    }
    return this.listener;
  }

  /** The labels of one address, the same object each time while it is announced. */
  labelsOf(address: string): { readonly address: string } {
    let labels = this.labels.get(address);
    if (labels === undefined) {
      labels = { address };
      this.labels.set(address, labels);
    }
    return labels;
  }
}

function labelsFor(decision: ArpDecision): { readonly decision: string } {
  return DECISION_LABELS[decision.kind === 'drop' ? decision.reason : decision.kind];
}
