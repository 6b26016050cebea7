import { IPV6_AT } from '../wire/ipv6.ts';
import { NDP_AT, type NdpView } from '../wire/ndp.ts';
import type { NdpFlaw } from '../wire/ndp-flaw.ts';
import type { AnnouncementTable, Ipv6Entry } from './announcement-table.ts';
import { claimBy, type Decision, dropsFor, type Listener, rivalBy } from './decision.ts';
import { NDP_DROP_REASONS, type NdpDropReason } from './drop-reason.ts';

export type NdpDecision = Decision<NdpDropReason>;

const DROPS = dropsFor(NDP_DROP_REASONS);

/**
 * What one neighbour solicitation or advertisement asks of us. Pure. Every refusal has a name, and the name is the metric label.
 *
 * Who speaks is the node that the link-layer option names, else the Ethernet source: the option is what caches learn, as the
 * sender's hardware address of an ARP packet is. An advertisement for our address is a claim whatever its flags and MAC: one without
 * override comes from a proxy (RFC 4861 §7.2.8, RFC 6275 §10.4.1) that speaks for another owner, and fails detection all the same
 * (RFC 4862 §5.4.4). So is a solicitation whose source is our address: it writes the asker into its neighbours' caches (RFC 4861 §7.2.3).
 *
 * @param packet the name of the flaw for a frame that held no valid message
 * @see RFC 4861 §7.2.3, §7.2.4 (answers); RFC 4862 §5.4.3, §5.4.4 (duplicates); RFC 7527 §4.2 (our own probe, reflected)
 */
export function decideNdp(packet: NdpView | NdpFlaw, table: AnnouncementTable, at: Listener): NdpDecision {
  if (typeof packet === 'string') return DROPS[packet];
  const { frame } = packet;
  if (packet.isFrom(at.mac)) return DROPS['own-frame'];
  const claimedAt = packet.isSolicitation ? IPV6_AT.source : NDP_AT.target;
  const claimed = table.findIpv6(frame, claimedAt, at.linkIndex);
  if (claimed !== undefined) return claimBy(frame, packet.ownerMacAt, claimed, at);
  if (!packet.hasStation) return DROPS['bad-sender-mac'];

  if (!packet.isSolicitation) return DROPS['not-a-solicitation'];
  const asked = table.findIpv6(frame, NDP_AT.target, at.linkIndex);
  if (asked === undefined) return DROPS['not-announced-here'];
  if (packet.isProbe && asked.nonce !== undefined && packet.hasNonce(asked.nonce)) return DROPS['own-frame'];
  if (asked.phase === 'probing') return duringProbe(packet, asked, at);
  if (!packet.reachesTarget) return DROPS['for-another-address'];
  if (!packet.reachesStation(at.mac)) return DROPS['for-another-station'];
  return { kind: 'reply', entry: asked };
}

/** Two nodes that probe one address at once both see a conflict; who merely asks is ignored. RFC 4862 §5.4.3. */
function duringProbe(packet: NdpView, entry: Ipv6Entry, at: Listener): NdpDecision {
  if (!packet.isProbe) return DROPS['still-probing'];
  return rivalBy(packet.frame, packet.ownerMacAt, entry, at);
}
