// Runs in a client's namespace: arp-flood.ts INTERFACE ADDRESS COUNT [MAC]
// Sends COUNT requests without waiting, to everyone or to MAC alone, then waits until all are answered or no answer came for
// 2 s, as a busy machine may be silent, and prints one JSON line {sent, answered, ms}.
import { ipv4Value } from '@openyurt/nodepool-types';
import { LinuxLinks } from '../../../edge-speaker/src/io/links-linux.ts';
import { PacketSocketFactory } from '../../../edge-speaker/src/io/packet-socket.ts';
import { ARP_REPLY, ArpView, arpRequest } from '../../../edge-speaker/src/wire/arp.ts';
import { parseMac } from '../../../edge-speaker/src/wire/mac-address.ts';

const [name = 'eth0', address = '', count = '10000', to = ''] = process.argv.slice(2);
const links = await LinuxLinks.open();
const link = links.list().find((candidate) => candidate.name === name);
const own = link?.addresses.find(({ family }) => family === 'IPv4')?.ip;
if (link === undefined || own === undefined) throw new Error(`${name} is missing or has no IPv4 address`);

const socket = new PacketSocketFactory({ frameCount: { arp: 2 ** 18, ndp: 1 } }).open(link);
const ip = ipv4Value(address);
const question = arpRequest(link.mac, ipv4Value(own), ip);
parseMac(to)?.copy(question, 0);
let answered = 0;
let lastMs = performance.now();
socket.onFrame((frame) => {
  const packet = ArpView.over(frame);
  if (packet?.operation !== ARP_REPLY || packet.senderIp !== ip) return;
  if (!packet.ethernet.destination.equals(link.mac)) return; // a gratuitous reply is no answer
  answered++;
  lastMs = performance.now();
});
const startMs = performance.now();
for (let i = 0; i < Number(count); i++) socket.send(question);
lastMs = performance.now();
const watch = setInterval(() => {
  if (answered < Number(count) && performance.now() - lastMs < 2_000) return;
  clearInterval(watch);
  process.stdout.write(`${JSON.stringify({ sent: socket.stats().sent, answered, ms: lastMs - startMs })}\n`);
  socket.close();
  links.close();
}, 20);
