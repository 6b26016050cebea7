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
if (link === undefined) throw new Error(`${name} is missing`);

const socket = new PacketSocketFactory().open(link);
/**
 * A reply names the sender address of its question: each round has another one, of the block for benchmarks (RFC 2544
 * appendix C.2.2), so that a reply tells which question it answers.
 */
const FIRST_SENDER = ipv4Value('198.18.0.0');
const ROUNDS = 65_536;
const targets = addresses.map(ipv4Value);
const asked = new Set(targets);
let question = 0;
const print = (line: AskerLine) => process.stdout.write(`${JSON.stringify(line)}\n`);

socket.onFrame((frame, { arrivedMs }) => {
  const packet = ArpView.over(frame);
  if (packet?.operation !== ARP_REPLY || !asked.has(packet.senderIp)) return;
  if (!packet.ethernet.destination.equals(link.mac)) return; // an announcement to everyone, no answer
  const answered = packet.targetIp - FIRST_SENDER;
  print([arrivedMs, answered, formatIpv4(packet.senderIp), formatMac(packet.senderMac)]);
});
const timer = setInterval(() => {
  question = (question + 1) % ROUNDS;
  print([performance.timeOrigin + performance.now(), question]);
  for (const target of targets) socket.send(arpRequest(link.mac, FIRST_SENDER + question, target));
}, Number(interval));
process.stdin.resume().on('end', () => {
  clearInterval(timer);
  socket.close();
  links.close();
});
