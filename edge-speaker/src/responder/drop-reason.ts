import { NDP_FLAWS } from '../wire/ndp-flaw.ts';

/** Why an ARP packet was not answered; each is the value of a metric label. */
export const DROP_REASONS = [
  /** Not a whole ARP packet for Ethernet and IPv4. */
  'malformed',
  /** This node sent it: a switch or an access point reflects it, or another link of ours is on the same LAN. */
  'own-frame',
  /** The sender's hardware address is a group or all zeros: nothing can be answered to it. What claims ours is a conflict all the same. */
  'bad-sender-mac',
  /** The sender's protocol address can belong to no host: multicast, loopback or broadcast. */
  'bad-sender-ip',
  /** Another member of the pool probes what we probe; the election settles it. */
  'pool-probe',
  'not-a-request',
  /** A request sent to somebody else's hardware address, seen because a switch floods. */
  'for-another-station',
  'not-announced-here',
  /** Its probing is not over. */
  'still-probing',
  /** It waited for more than 100 ms while this process stood still. */
  'stale',
] as const;

export type DropReason = (typeof DROP_REASONS)[number];

/** The same for NDP: what is wrong with the frame, and then as for ARP. */
export const NDP_DROP_REASONS = [
  ...NDP_FLAWS,
  'own-frame',
  'bad-sender-mac',
  'pool-probe',
  /** An advertisement for an address that we neither announce nor probe. */
  'not-a-solicitation',
  'for-another-station',
  /** Its IPv6 destination is neither the address asked about, nor its group, nor all nodes (RFC 4861 §4.3). */
  'for-another-address',
  'not-announced-here',
  'still-probing',
  'stale',
] as const;

export type NdpDropReason = (typeof NDP_DROP_REASONS)[number];
