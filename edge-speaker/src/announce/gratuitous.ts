import { ipv4Value } from '@openyurt/nodepool-types';
import { arpAnnouncement, gratuitousReply } from '../wire/arp.ts';

/** The frames that tell a LAN whose IPv4 `address` is: both forms, since hosts differ in what they learn from. */
export function gratuitousFrames(address: string, mac: Buffer): Buffer[] {
  const ip = ipv4Value(address);
  return [arpAnnouncement(mac, ip), gratuitousReply(mac, ip)];
}
