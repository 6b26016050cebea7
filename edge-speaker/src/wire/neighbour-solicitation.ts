import { ETHERTYPE_IPV6, writeEthernetHeader } from './ethernet.ts';
import { ICMPV6_AT, ICMPV6_NEIGHBOUR_SOLICITATION, icmpv6Checksum } from './icmpv6.ts';
import { groupMac, IPV6_AT, IPV6_PAYLOAD_AT, solicitedNodeGroup, writeIpv6Header } from './ipv6.ts';
import { NDP_AT, NEIGHBOUR_MESSAGE_BYTES, NONCE_BYTES, OPTION } from './ndp.ts';

const PROBE_BYTES = NEIGHBOUR_MESSAGE_BYTES + OPTION.unitBytes;

/**
 * The frame that asks whether somebody uses `target`: from `::`, to its solicited-node group, without a link-layer address.
 * The nonce tells our own probe, reflected, from that of another node which probes the same address.
 *
 * @param target sixteen bytes
 * @param nonce six bytes, drawn anew for each run of probes
 * @see RFC 4862 §5.4.2, RFC 7527 §4.1
 */
export function neighbourProbe(mac: Buffer, target: Buffer, nonce: Buffer): Buffer {
  const frame = Buffer.alloc(IPV6_PAYLOAD_AT + PROBE_BYTES);
  const group = solicitedNodeGroup(target);
  writeEthernetHeader(frame, groupMac(group), mac, ETHERTYPE_IPV6);
  writeIpv6Header(frame, PROBE_BYTES);
  group.copy(frame, IPV6_AT.destination);
  frame[ICMPV6_AT.type] = ICMPV6_NEIGHBOUR_SOLICITATION;
  target.copy(frame, NDP_AT.target);
  frame[NDP_AT.options] = OPTION.nonce;
  frame[NDP_AT.options + 1] = 1;
  nonce.copy(frame, NDP_AT.options + 2, 0, NONCE_BYTES);
  frame.writeUInt16BE(icmpv6Checksum(frame, PROBE_BYTES), ICMPV6_AT.checksum);
  return frame;
}
