import { ARP_REQUEST, type ArpView } from '../wire/arp.ts';
import type { AnnouncementTable, TableEntry } from './announcement-table.ts';
import { claimBy, type Decision, dropsFor, type Listener, rivalBy } from './decision.ts';
import { DROP_REASONS, type DropReason } from './drop-reason.ts';

export type ArpDecision = Decision<DropReason>;

const DROPS = dropsFor(DROP_REASONS);

/**
 * What one ARP packet asks of us. Pure. Every refusal has a name, and the name is the metric label. Any packet whose sender
 * address is ours is a claim, whatever its operation and MAC: clusters of hosts answer with a group's.
 *
 * @param packet undefined for a frame that held no whole ARP packet
 * @see RFC 826 (reception), RFC 5227 §2.1.1 (probing), §2.4 (conflicts), §2.5 (no reply before the probing ends)
 */
export function decideArp(packet: ArpView | undefined, table: AnnouncementTable, at: Listener): ArpDecision {
  if (packet === undefined) return DROPS.malformed;
  const { ethernet, senderIp } = packet;
  if (packet.isSentBy(at.mac) || ethernet.isFrom(at.mac)) return DROPS['own-frame'];
  const claimed = table.findIpv4(senderIp, at.linkIndex);
  if (claimed !== undefined) return claimBy(packet.senderMac, 0, claimed, at);
  if (!packet.hasStation) return DROPS['bad-sender-mac'];

  if (packet.operation !== ARP_REQUEST) return DROPS['not-a-request'];
  const asked = table.findIpv4(packet.targetIp, at.linkIndex);
  if (asked === undefined) return DROPS['not-announced-here'];
  if (asked.phase === 'probing') return duringProbe(packet, asked, at);
  if (!canBeHost(senderIp)) return DROPS['bad-sender-ip'];
  if (!ethernet.isTo(at.mac) && !ethernet.isBroadcast) return DROPS['for-another-station'];
  return { kind: 'reply', entry: asked };
}

/** Two hosts that probe one address at once both see a conflict. RFC 5227 §2.1.1, fourth paragraph. */
function duringProbe(packet: ArpView, entry: TableEntry, at: Listener): ArpDecision {
  if (packet.senderIp !== 0) return DROPS['still-probing'];
  return rivalBy(packet.senderMac, 0, entry, at);
}

/** 0.0.0.0 is a probe's sender; the rest of 0/8, 127/8, multicast and above ask for nobody. RFC 1122 §3.2.1.3. */
function canBeHost(ip: number): boolean {
  const network = ip >>> 24;
  return ip === 0 || (network !== 0 && network !== 127 && network < 224);
}
