import { ETHERTYPE_IPV6, etherTypeOf, VLAN_ETHERTYPES } from './ethernet.ts';
import { ICMPV6_AT, ICMPV6_NEIGHBOUR_ADVERTISEMENT, ICMPV6_NEIGHBOUR_SOLICITATION, icmpv6Checksum } from './icmpv6.ts';
import {
  ALL_NODES,
  IPV6_AT,
  IPV6_BYTES,
  IPV6_PAYLOAD_AT,
  isExtensionHeader,
  isForgedSource,
  isGroupOf,
  isMulticastIpv6,
  isSolicitedNodeGroup,
  isUnspecifiedIpv6,
  NEXT_HEADER_ICMPV6,
  sameIpv6,
} from './ipv6.ts';
import { isBroadcastMacAt, isGroupMacAt, isStationMacAt, MAC_BYTES, sameMac } from './mac-address.ts';
import type { NdpFlaw } from './ndp-flaw.ts';

/** Bytes of a solicitation or advertisement without options. RFC 4861 §4.3, §4.4. */
export const NEIGHBOUR_MESSAGE_BYTES = 24;
/** Where the fields stand in an Ethernet frame. */
export const NDP_AT = { flags: IPV6_PAYLOAD_AT + 4, target: IPV6_PAYLOAD_AT + 8, options: IPV6_PAYLOAD_AT + 24 };
/** RFC 4861 §4.6: types of options, whose length counts in units of eight bytes. RFC 3971 §5.3.2 has the nonce. */
export const OPTION = { sourceMac: 1, targetMac: 2, nonce: 14, unitBytes: 8 };
export const NONCE_BYTES = 6;
/** RFC 4861 §4.4; the router flag, 0x80, is never set here. */
export const FLAG = { solicited: 0x40, override: 0x20 };

const SOURCE_MAC_AT = MAC_BYTES;

/**
 * A neighbour solicitation or advertisement that is valid by RFC 4861 §7.1.1 and §7.1.2, and the frame it came in, read in
 * place: valid until the next read. Addresses are told by where they stand, so that a flood makes no garbage.
 */
export class NdpView {
  private constructor(
    readonly frame: Buffer,
    /** Where the MAC stands of the node that speaks: in the link-layer option, or else in the Ethernet header. */
    readonly ownerMacAt: number,
    /** Where a nonce of six bytes stands (RFC 7527); 0: there is none. */
    private readonly nonceAt: number,
  ) {}

  /** @param frame from the destination MAC on; @returns the name of the flaw unless it holds a valid message */
  static over(frame: Buffer): NdpView | NdpFlaw {
    const flaw = flawOfHeaders(frame);
    if (flaw !== undefined) return flaw;
    const messageBytes = frame.readUInt16BE(IPV6_AT.payloadBytes);
    const flawInMessage = flawOfMessage(frame, messageBytes);
    if (flawInMessage !== undefined) return flawInMessage;

    const isSolicitation = frame[ICMPV6_AT.type] === ICMPV6_NEIGHBOUR_SOLICITATION;
    const linkOption = isSolicitation ? OPTION.sourceMac : OPTION.targetMac;
    let macAt = 0;
    let nonceAt = 0;
    const end = IPV6_PAYLOAD_AT + messageBytes;
    for (let at = NDP_AT.options; at < end; ) {
      const units = at + 1 < end ? (frame[at + 1] ?? 0) : 0;
      if (units === 0 || at + units * OPTION.unitBytes > end) return 'bad-option';
      if (frame[at] === linkOption && macAt === 0) {
        if (units !== 1) return 'bad-option'; // RFC 2464 §6: the length is 1 for Ethernet
        macAt = at + 2;
      } else if (frame[at] === OPTION.nonce && units === 1 && nonceAt === 0) nonceAt = at + 2;
      at += units * OPTION.unitBytes;
    }
    if (isSolicitation && isUnspecifiedIpv6(frame, IPV6_AT.source)) {
      if (!isSolicitedNodeGroup(frame, IPV6_AT.destination)) return 'probe-not-to-group';
      if (macAt !== 0) return 'probe-with-mac';
    }
    return new NdpView(frame, macAt === 0 ? SOURCE_MAC_AT : macAt, nonceAt);
  }

  get isSolicitation(): boolean {
    return this.frame[ICMPV6_AT.type] === ICMPV6_NEIGHBOUR_SOLICITATION;
  }

  get target(): Buffer {
    return this.frame.subarray(NDP_AT.target, NDP_AT.target + IPV6_BYTES);
  }

  /** Duplicate address detection: asked by a node that has no address yet. RFC 4862 §5.4.2. */
  get isProbe(): boolean {
    return this.isSolicitation && isUnspecifiedIpv6(this.frame, IPV6_AT.source);
  }

  /** Whether the frame comes from `mac`, or names it as the node that speaks. */
  isFrom(mac: Buffer): boolean {
    return sameMac(this.frame, SOURCE_MAC_AT, mac, 0) || sameMac(this.frame, this.ownerMacAt, mac, 0);
  }

  /** Whether the node that speaks can be a station at all. */
  get hasStation(): boolean {
    return isStationMacAt(this.frame, this.ownerMacAt);
  }

  hasNonce(nonce: Buffer): boolean {
    return this.nonceAt !== 0 && sameMac(this.frame, this.nonceAt, nonce, 0);
  }

  /** To this station or to a group: what a network card in its usual mode lets through. */
  reachesStation(mac: Buffer): boolean {
    return sameMac(this.frame, 0, mac, 0) || (isGroupMacAt(this.frame, 0) && !isBroadcastMacAt(this.frame, 0));
  }

  /** Whether the IPv6 destination is one at which the target's owner listens: itself, its group (RFC 4861 §4.3), all nodes. */
  get reachesTarget(): boolean {
    const { frame } = this;
    const to = IPV6_AT.destination;
    if (!isMulticastIpv6(frame, to)) return sameIpv6(frame, to, frame, NDP_AT.target);
    return isGroupOf(frame, to, NDP_AT.target) || sameIpv6(frame, to, ALL_NODES, 0);
  }
}

function flawOfHeaders(frame: Buffer): NdpFlaw | undefined {
  const etherType = etherTypeOf(frame);
  if (etherType === -1) return 'cut-short';
  if (etherType !== ETHERTYPE_IPV6) return VLAN_ETHERTYPES.includes(etherType) ? 'vlan-tag' : 'not-ipv6';
  if (frame.length < IPV6_PAYLOAD_AT) return 'cut-short';
  if ((frame[IPV6_AT.version] ?? 0) >> 4 !== 6) return 'not-ipv6';
  const nextHeader = frame[IPV6_AT.nextHeader] ?? 0;
  if (nextHeader !== NEXT_HEADER_ICMPV6) return isExtensionHeader(nextHeader) ? 'extension-header' : 'not-icmpv6';
  if (frame.length < IPV6_PAYLOAD_AT + frame.readUInt16BE(IPV6_AT.payloadBytes)) return 'cut-short';
  return undefined;
}

/** What can be said before the options are read. The checksum, which costs most, comes last but for what it vouches for. */
function flawOfMessage(frame: Buffer, messageBytes: number): NdpFlaw | undefined {
  if (messageBytes === 0) return 'bad-length';
  const type = frame[ICMPV6_AT.type];
  const isAdvertisement = type === ICMPV6_NEIGHBOUR_ADVERTISEMENT;
  if (!isAdvertisement && type !== ICMPV6_NEIGHBOUR_SOLICITATION) return 'other-message';
  if (frame[IPV6_AT.hopLimit] !== 255) return 'bad-hop-limit';
  if (messageBytes < NEIGHBOUR_MESSAGE_BYTES) return 'bad-length';
  if (frame[ICMPV6_AT.code] !== 0) return 'bad-code';
  if (isForgedSource(frame, IPV6_AT.source)) return 'bad-source';
  if (icmpv6Checksum(frame, messageBytes) !== 0) return 'bad-checksum';
  if (isMulticastIpv6(frame, NDP_AT.target)) return 'multicast-target';
  const solicited = isAdvertisement && ((frame[NDP_AT.flags] ?? 0) & FLAG.solicited) !== 0;
  return solicited && isMulticastIpv6(frame, IPV6_AT.destination) ? 'solicited-to-group' : undefined;
}
