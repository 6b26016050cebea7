import { ETHERTYPE_IPV6, writeEthernetHeader } from './ethernet.ts';
import { ICMPV6_AT, ICMPV6_NEIGHBOUR_ADVERTISEMENT, icmpv6Checksum } from './icmpv6.ts';
import { ALL_NODES, copyIpv6, groupMac, IPV6_AT, IPV6_PAYLOAD_AT, writeIpv6Header } from './ipv6.ts';
import { copyMac, MAC_BYTES } from './mac-address.ts';
import { FLAG, NDP_AT, type NdpView, NEIGHBOUR_MESSAGE_BYTES, OPTION } from './ndp.ts';

/** Bytes of an advertisement with its target link-layer address option. */
export const ADVERTISEMENT_BYTES = NEIGHBOUR_MESSAGE_BYTES + OPTION.unitBytes;
export const ADVERTISEMENT_FRAME_BYTES = IPV6_PAYLOAD_AT + ADVERTISEMENT_BYTES;

/**
 * "`target` is at `mac`", for all nodes: unasked (RFC 4861 §7.2.6), or in answer to duplicate address detection (§7.2.4).
 * The ICMPv6 message alone, its checksum 0: the kernel fills it in.
 */
export function advertisementToAll(target: Buffer, mac: Buffer): Buffer {
  const message = Buffer.alloc(ADVERTISEMENT_BYTES);
  writeAdvertisement(message, 0, target, 0, mac, FLAG.override);
  return message;
}

/** The same as a whole frame, with the target as its source: it needs no other address of this node. */
export function advertisementFrameToAll(target: Buffer, mac: Buffer): Buffer {
  const frame = Buffer.alloc(ADVERTISEMENT_FRAME_BYTES);
  writeEthernetHeader(frame, groupMac(ALL_NODES), mac, ETHERTYPE_IPV6);
  writeIpv6Header(frame, ADVERTISEMENT_BYTES);
  copyIpv6(target, 0, frame, IPV6_AT.source);
  copyIpv6(ALL_NODES, 0, frame, IPV6_AT.destination);
  writeAdvertisement(frame, IPV6_PAYLOAD_AT, target, 0, mac, FLAG.override);
  frame.writeUInt16BE(icmpv6Checksum(frame, ADVERTISEMENT_BYTES), ICMPV6_AT.checksum);
  return frame;
}

/**
 * The answer to a solicitation whose source is an address, as a frame to the one who asked. Its source is the target, as the
 * kernel's own answers have it: it needs no other address of this node and no route to the asker.
 *
 * @param frame {@link ADVERTISEMENT_FRAME_BYTES} long
 * @see RFC 4861 §7.2.4 (solicited and override set; the target's link-layer address always)
 */
export function answerSolicitation(asked: NdpView, mac: Buffer, frame: Buffer): void {
  copyMac(asked.frame, asked.ownerMacAt, frame, 0);
  copyMac(mac, 0, frame, MAC_BYTES);
  frame.writeUInt16BE(ETHERTYPE_IPV6, 12);
  writeIpv6Header(frame, ADVERTISEMENT_BYTES);
  copyIpv6(asked.frame, NDP_AT.target, frame, IPV6_AT.source);
  copyIpv6(asked.frame, IPV6_AT.source, frame, IPV6_AT.destination);
  writeAdvertisement(frame, IPV6_PAYLOAD_AT, asked.frame, NDP_AT.target, mac, FLAG.solicited | FLAG.override);
  frame.writeUInt16BE(icmpv6Checksum(frame, ADVERTISEMENT_BYTES), ICMPV6_AT.checksum);
}

/**
 * Router flag 0, whatever the node forwards: it is the announced address that speaks, nobody's router; set and then missed, it
 * would throw a router out of its hosts' lists (RFC 4861 §7.2.5). Override 1: we are neither proxy nor anycast (§7.2.7, §7.2.8).
 */
function writeAdvertisement(b: Buffer, at: number, target: Buffer, targetAt: number, mac: Buffer, flags: number): void {
  b.writeUInt32BE(ICMPV6_NEIGHBOUR_ADVERTISEMENT * 2 ** 24, at);
  b.writeUInt32BE(flags * 2 ** 24, at + 4);
  copyIpv6(target, targetAt, b, at + 8);
  b[at + NEIGHBOUR_MESSAGE_BYTES] = OPTION.targetMac;
  b[at + NEIGHBOUR_MESSAGE_BYTES + 1] = 1;
  copyMac(mac, 0, b, at + NEIGHBOUR_MESSAGE_BYTES + 2);
}
