// As arp-asker.ts, by neighbour solicitations for IPv6 addresses: ndp-asker.ts INTERFACE INTERVAL_MS ADDRESS...
import { canonicalIp } from '@openyurt/nodepool-types';
import { LinuxLinks } from '../../../edge-speaker/src/io/links-linux.ts';
import { PacketSocketFactory } from '../../../edge-speaker/src/io/packet-socket.ts';
import { formatMac } from '../../../edge-speaker/src/wire/mac-address.ts';
import { askUntilEnd, print } from './asking.ts';
import { digitsOf, readAdvertisement, solicitationFrame } from './ndp-frames.ts';

const [name = 'eth0', interval = '5', ...addresses] = process.argv.slice(2);
const links = await LinuxLinks.open();
const link = links.list().find((candidate) => candidate.name === name);
const own = link?.addresses.find(({ ip, family }) => family === 'IPv6' && !ip.startsWith('fe80:'))?.ip;
if (link === undefined || own === undefined) throw new Error(`${name} is missing or has no global IPv6 address`);
const wrong = addresses.find((address) => canonicalIp(address) !== address);
if (addresses.length === 0 || wrong !== undefined) throw new Error(`no IPv6 address to ask for: ${wrong ?? ''}`);

const socket = new PacketSocketFactory().open(link);
const refusal = socket.hearNdp();
if (refusal !== undefined) throw refusal;
const asked = new Map(addresses.map((address) => [digitsOf(address), address]));
const questions = addresses.map((target) => solicitationFrame({ mac: link.mac, source: own, target }));

socket.onFrame((frame, { arrivedMs }) => {
  const said = readAdvertisement(frame);
  const address = said && asked.get(said.target);
  if (said === undefined || address === undefined) return;
  const kind = said.flags.includes('S') && said.toMac === link.mac.toString('hex') ? 'answer' : 'gratuitous';
  const mac = formatMac(Buffer.from(said.mac, 'hex'));
  const source = formatMac(frame, 6);
  const other = source === mac ? {} : { source };
  print({ kind, atMs: arrivedMs, address, mac, ...other });
});
askUntilEnd(links, socket, questions, Number(interval));
