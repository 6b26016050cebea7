// Runs in a namespace: ndp-node.ts INTERFACE. The sockets under neighbour discovery, without the announcer: told what to do by
// JSON lines on standard input, telling what it hears on standard output. Ends when its standard input closes. Driven by ndp-process.ts.
import { createInterface } from 'node:readline';
import { LbError } from '@openyurt/nodepool-types';
import { RawIcmpv6SocketFactory } from '../../../edge-speaker/src/io/icmpv6-socket.ts';
import { LinuxLinks } from '../../../edge-speaker/src/io/links-linux.ts';
import { PacketSocketFactory } from '../../../edge-speaker/src/io/packet-socket.ts';
import type { Icmpv6Socket } from '../../../edge-speaker/src/ports/icmpv6-socket.ts';
import type { NdpCommand, NdpLine } from './ndp-process.ts';

const [name = 'eth0'] = process.argv.slice(2);
const print = (line: NdpLine) => process.stdout.write(`${JSON.stringify(line)}\n`);
const links = await LinuxLinks.open();
const link = links.list().find((candidate) => candidate.name === name);
if (link === undefined) throw new Error(`${name} is missing`);
const frames = new PacketSocketFactory().open(link);
const deaf = frames.hearNdp();
if (deaf !== undefined) throw deaf;
frames.onFrame((frame, { arrivedMs }) => print({ kind: 'frame', atMs: arrivedMs, hex: frame.toString('hex') }));
const factory = new RawIcmpv6SocketFactory();
let icmpv6: Icmpv6Socket | undefined;

function perform(command: NdpCommand): void {
  switch (command.do) {
    case 'open': {
      const before = process.memoryUsage().rss;
      icmpv6 = factory.open(link as NonNullable<typeof link>);
      icmpv6.onError((error) => print({ kind: 'useless', message: error.message, remedy: error.remedy }));
      print({ kind: 'open', rssKib: (process.memoryUsage().rss - before) / 1024 });
      return;
    }
    case 'join':
      for (const address of command.addresses) icmpv6?.join(address);
      break;
    case 'leave':
      for (const address of command.addresses) icmpv6?.leave(address);
      break;
    case 'send':
      for (let i = 0; i < command.times; i++) icmpv6?.send(Buffer.from(command.hex, 'hex'), command.to);
      break;
    case 'send-frame':
      frames.send(Buffer.from(command.hex, 'hex'));
      break;
    case 'close':
      icmpv6?.close();
  }
  print({ kind: 'done', atMs: Date.now(), stats: icmpv6?.stats() });
}

createInterface({ input: process.stdin })
  .on('line', (text) => {
    try {
      perform(JSON.parse(text) as NdpCommand);
    } catch (error) {
      if (!(error instanceof LbError)) throw error;
      print({ kind: 'refused', message: error.message, remedy: error.remedy });
    }
  })
  .on('close', () => {
    frames.close();
    icmpv6?.close();
    links.close();
  });
print({ kind: 'ready', mac: link.mac.toString('hex') });
