import { ipv4Value } from '@openyurt/nodepool-types';
import { arpAnnouncement, arpProbe, gratuitousReply } from '../wire/arp.ts';

/** The frames that tell a LAN whose `address` is: both forms, since hosts differ in what they learn from. */
export function gratuitousFrames(address: string, mac: Buffer): Buffer[] {
  const ip = ipv4Value(address);
  return [arpAnnouncement(mac, ip), gratuitousReply(mac, ip)];
}

/** The frame that asks whether somebody uses `address`. */
export function probeFrame(address: string, mac: Buffer): Buffer {
  return arpProbe(mac, ipv4Value(address));
}
