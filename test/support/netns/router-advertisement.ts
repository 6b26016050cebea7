import { ETHERTYPE_IPV6, writeEthernetHeader } from '../../../edge-speaker/src/wire/ethernet.ts';
import { ICMPV6_AT, icmpv6Checksum } from '../../../edge-speaker/src/wire/icmpv6.ts';
import {
  ALL_NODES,
  groupMac,
  IPV6_AT,
  IPV6_PAYLOAD_AT,
  ipv6Bytes,
  writeIpv6Header,
} from '../../../edge-speaker/src/wire/ipv6.ts';

/** Two bits of the flags, RFC 4191 §2.2. */
const PREFERENCE = { medium: 0x00, high: 0x08 };

/** A router advertisement to all nodes as a whole Ethernet frame (RFC 4861 §4.2); a lifetime of 0 takes the router back. */
export function routerAdvertisement(router: {
  readonly mac: Buffer;
  /** Link-local. */
  readonly source: string;
  readonly preference: keyof typeof PREFERENCE;
  readonly lifetimeSeconds: number;
}): Buffer {
  const bytes = 16;
  const frame = Buffer.alloc(IPV6_PAYLOAD_AT + bytes);
  writeEthernetHeader(frame, groupMac(ALL_NODES), router.mac, ETHERTYPE_IPV6);
  writeIpv6Header(frame, bytes);
  ipv6Bytes(router.source).copy(frame, IPV6_AT.source);
  ALL_NODES.copy(frame, IPV6_AT.destination);
  frame[ICMPV6_AT.type] = 134;
  frame[IPV6_PAYLOAD_AT + 4] = 64;
  frame[IPV6_PAYLOAD_AT + 5] = PREFERENCE[router.preference];
  frame.writeUInt16BE(router.lifetimeSeconds, IPV6_PAYLOAD_AT + 6);
  frame.writeUInt16BE(icmpv6Checksum(frame, bytes), ICMPV6_AT.checksum);
  return frame;
}
