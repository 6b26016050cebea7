// Runs in a client's namespace: asks by ARP for addresses every few milliseconds and prints a JSON line for each answer.
// arp-asker.ts INTERFACE INTERVAL_MS ADDRESS...   Ends when its standard input closes. Started by arp-client.ts.
import { canonicalIp, formatIpv4, ipv4Value } from '@openyurt/nodepool-types';
import { LinuxLinks } from '../../../edge-speaker/src/io/links-linux.ts';
import { PacketSocketFactory } from '../../../edge-speaker/src/io/packet-socket.ts';
import { ARP_REPLY, ArpView, arpRequest } from '../../../edge-speaker/src/wire/arp.ts';
import { formatMac } from '../../../edge-speaker/src/wire/mac-address.ts';
import { askUntilEnd, print } from './asking.ts';

const [name = 'eth0', interval = '5', ...addresses] = process.argv.slice(2);
const links = await LinuxLinks.open();
const link = links.list().find((candidate) => candidate.name === name);
const own = link?.addresses.find(({ family }) => family === 'IPv4')?.ip;
if (link === undefined || own === undefined) throw new Error(`${name} is missing or has no IPv4 address`);
const wrong = addresses.find((address) => canonicalIp(address) !== address);
if (addresses.length === 0 || wrong !== undefined) throw new Error(`no IPv4 address to ask for: ${wrong ?? ''}`);

const socket = new PacketSocketFactory().open(link);
const asked = new Set(addresses.map(ipv4Value));
const questions = addresses.map((address) => arpRequest(link.mac, ipv4Value(own), ipv4Value(address)));

socket.onFrame((frame, { arrivedMs }) => {
  const packet = ArpView.over(frame);
  if (packet === undefined || !asked.has(packet.senderIp)) return;
  const solicited = packet.operation === ARP_REPLY && packet.ethernet.destination.equals(link.mac);
  const kind = solicited ? 'answer' : 'gratuitous';
  const mac = formatMac(packet.senderMac);
  const source = formatMac(packet.ethernet.source);
  const other = source === mac ? {} : { source };
  print({ kind, atMs: arrivedMs, address: formatIpv4(packet.senderIp), mac, ...other });
});
askUntilEnd(links, socket, questions, Number(interval));
