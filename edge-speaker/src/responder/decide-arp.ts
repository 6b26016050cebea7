import { ARP_REQUEST, type ArpView } from '../wire/arp.ts';
import { isBroadcastMac, isStationMac } from '../wire/mac-address.ts';
import type { AnnouncementTable, TableEntry } from './announcement-table.ts';
import { DROP_REASONS, type DropReason } from './drop-reason.ts';

/** The side of a link that hears the packet. */
export interface Listener {
  readonly linkIndex: number;
  readonly mac: Buffer;
  /** Whether a member of our pool has said that this MAC is its own. */
  isPoolMac(mac: Buffer): boolean;
}

export type ArpDecision =
  | { readonly kind: 'reply'; readonly entry: TableEntry }
  /** Somebody outside the pool uses, or at the same moment probes, our address. */
  | { readonly kind: 'conflict'; readonly entry: TableEntry }
  /** Another member of the pool announces it. */
  | { readonly kind: 'hand-over'; readonly entry: TableEntry }
  | { readonly kind: 'drop'; readonly reason: DropReason };

type Drop = Extract<ArpDecision, { kind: 'drop' }>;
const DROPS = Object.fromEntries(DROP_REASONS.map((reason) => [reason, { kind: 'drop', reason }])) as Record<
  DropReason,
  Drop
>;

/**
 * What one ARP packet asks of us. Pure. Every refusal has a name, and the name is the metric label.
 *
 * @param packet undefined for a frame that held no whole ARP packet
 * @see RFC 826 (reception), RFC 5227 §2.1.1 (probing), §2.4 (conflicts), §2.5 (no reply before the probing ends)
 */
export function decideArp(packet: ArpView | undefined, table: AnnouncementTable, at: Listener): ArpDecision {
  if (packet === undefined) return DROPS.malformed;
  const { senderMac, senderIp } = packet;
  if (senderMac.equals(at.mac) || packet.ethernet.source.equals(at.mac)) return DROPS['own-frame'];
  if (!isStationMac(senderMac)) return DROPS['bad-sender-mac'];

  const claimed = table.findIpv4(senderIp, at.linkIndex);
  if (claimed !== undefined) return { kind: at.isPoolMac(senderMac) ? 'hand-over' : 'conflict', entry: claimed };

  if (packet.operation !== ARP_REQUEST) return DROPS['not-a-request'];
  const asked = table.findIpv4(packet.targetIp, at.linkIndex);
  if (asked === undefined) return DROPS['not-announced-here'];
  if (asked.phase === 'probing') return duringProbe(packet, asked, at);
  if (!canBeHost(senderIp)) return DROPS['bad-sender-ip'];
  const { destination } = packet.ethernet;
  if (!destination.equals(at.mac) && !isBroadcastMac(destination)) return DROPS['for-another-station'];
  return { kind: 'reply', entry: asked };
}

/**
 * What is left of a decision whose packet waited too long: nothing is said for it, since another member may have taken over.
 * An objection to our probe still counts: what it makes us do is to be silent.
 */
export function tooLate(decision: ArpDecision): ArpDecision {
  if (decision.kind === 'drop') return decision;
  return decision.kind === 'conflict' && decision.entry.phase === 'probing' ? decision : DROPS.stale;
}

/** Two hosts that probe one address at once both see a conflict. RFC 5227 §2.1.1, fourth paragraph. */
function duringProbe(packet: ArpView, entry: TableEntry, at: Listener): ArpDecision {
  if (packet.senderIp !== 0) return DROPS['still-probing'];
  return at.isPoolMac(packet.senderMac) ? DROPS['pool-probe'] : { kind: 'conflict', entry };
}

/** 0.0.0.0 is a probe's sender; the rest of 0/8, 127/8, multicast and above ask for nobody. RFC 1122 §3.2.1.3. */
function canBeHost(ip: number): boolean {
  const network = ip >>> 24;
  return ip === 0 || (network !== 0 && network !== 127 && network < 224);
}
