// Runs in a client's namespace: asker.ts INTERFACE INTERVAL_MS ADDRESS...   Asks by ARP for all addresses at each interval, and
// prints a JSON line for each round of questions and for each reply (see watch.ts). Ends when its standard input closes.
import { formatIpv4, ipv4Value } from '@openyurt/nodepool-types';
import { LinuxLinks } from '../../../edge-speaker/src/io/links-linux.ts';
import { PacketSocketFactory } from '../../../edge-speaker/src/io/packet-socket.ts';
import { ARP_REPLY, ArpView, arpRequest } from '../../../edge-speaker/src/wire/arp.ts';
import { formatMac } from '../../../edge-speaker/src/wire/mac-address.ts';
import type { AskerLine } from './watch.ts';

const [name = 'eth0', interval = '5', ...addresses] = process.argv.slice(2);
const links = await LinuxLinks.open();
const link = links.list().find((candidate) => candidate.name === name);
const own = link?.addresses.find(({ family }) => family === 'IPv4')?.ip;
if (link === undefined || own === undefined) throw new Error(`${name} is missing or has no IPv4 address`);

const socket = new PacketSocketFactory().open(link);
const asked = new Set(addresses.map(ipv4Value));
const questions = addresses.map((address) => arpRequest(link.mac, ipv4Value(own), ipv4Value(address)));
const print = (line: AskerLine) => process.stdout.write(`${JSON.stringify(line)}\n`);

socket.onFrame((frame, { arrivedMs }) => {
  const packet = ArpView.over(frame);
  if (packet?.operation !== ARP_REPLY || !asked.has(packet.senderIp)) return;
  if (!packet.ethernet.destination.equals(link.mac)) return; // an announcement to everyone, no answer
  print([arrivedMs, formatIpv4(packet.senderIp), formatMac(packet.senderMac)]);
});
const timer = setInterval(() => {
  print([performance.timeOrigin + performance.now()]);
  for (const question of questions) socket.send(question);
}, Number(interval));
process.stdin.resume().on('end', () => {
  clearInterval(timer);
  socket.close();
  links.close();
});
