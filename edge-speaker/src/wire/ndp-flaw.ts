/**
 * Why a frame holds no neighbour solicitation or advertisement that may be looked at; each is the value of a metric label.
 * Such frames are counted and nothing else: not answered, no conflict.
 */
export const NDP_FLAWS = [
  /** The frame ends before its headers do, or before the payload that the IPv6 header tells of. */
  'cut-short',
  /** A VLAN tag is still on it: it belongs to a sub-interface, not to this link. */
  'vlan-tag',
  'not-ipv6',
  /** An extension header before ICMPv6: nobody sends NDP so, and fragments of it must be ignored (RFC 6980 §5). */
  'extension-header',
  'not-icmpv6',
  /** Another ICMPv6 message: a router's, a redirect. */
  'other-message',
  /** Not 255: it may have come through a router. RFC 4861 §7.1.1, §7.1.2, as the next five. */
  'bad-hop-limit',
  'bad-checksum',
  'bad-code',
  /** Under 24 bytes. */
  'bad-length',
  /** An option of length 0, one that runs past the end, or a link-layer address that is none of Ethernet's (RFC 2464 §6). */
  'bad-option',
  'multicast-target',
  /** A source that no packet can have: a group or `::1`. RFC 4291 §2.7, §2.5.3. */
  'bad-source',
  /** Source `::`, and the destination is no solicited-node group. RFC 4861 §7.1.1. */
  'probe-not-to-group',
  /** Source `::`, and still a source link-layer address. RFC 4861 §7.1.1. */
  'probe-with-mac',
  /** An advertisement to a group that says it was asked for. RFC 4861 §7.1.2. */
  'solicited-to-group',
] as const;

export type NdpFlaw = (typeof NDP_FLAWS)[number];
