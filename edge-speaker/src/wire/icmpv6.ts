import { addWords, finishChecksum } from './checksum.ts';
import { IPV6_AT, IPV6_PAYLOAD_AT, NEXT_HEADER_ICMPV6 } from './ipv6.ts';

export const ICMPV6_NEIGHBOUR_SOLICITATION = 135;
export const ICMPV6_NEIGHBOUR_ADVERTISEMENT = 136;
/** Where the fields that all messages have stand in an Ethernet frame (RFC 4443 §2.1). */
export const ICMPV6_AT = { type: IPV6_PAYLOAD_AT, code: IPV6_PAYLOAD_AT + 1, checksum: IPV6_PAYLOAD_AT + 2 };

/**
 * The checksum of the message in `frame`, which follows right after the IPv6 header. With the field as 0 it is what belongs
 * there; over a message whose checksum is right it is 0.
 *
 * @param messageBytes length of the message
 * @see RFC 4443 §2.3, RFC 8200 §8.1 (the pseudo-header)
 */
export function icmpv6Checksum(frame: Buffer, messageBytes: number): number {
  const pseudo = addWords(messageBytes + NEXT_HEADER_ICMPV6, frame, IPV6_AT.source, IPV6_PAYLOAD_AT);
  return finishChecksum(addWords(pseudo, frame, IPV6_PAYLOAD_AT, IPV6_PAYLOAD_AT + messageBytes));
}
