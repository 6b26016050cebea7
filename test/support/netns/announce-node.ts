// Runs in a node's namespace: the announcer on real frames, told what to do by JSON lines on standard input, telling what
// happens by JSON lines on standard output. Ends when its standard input closes. Driven by announce-process.ts.
import { createInterface } from 'node:readline';
import { LbError } from '@openyurt/nodepool-types';
import { Announcer } from '../../../edge-speaker/src/announce/announcer.ts';
import { LinuxLinks } from '../../../edge-speaker/src/io/links-linux.ts';
import { PacketSocketFactory } from '../../../edge-speaker/src/io/packet-socket.ts';
import { systemClock, systemTimers } from '../../../edge-speaker/src/io/system-clock.ts';
import type { NodeCommand, NodeLine } from './announce-process.ts';

const print = (line: NodeLine) => process.stdout.write(`${JSON.stringify(line)}\n`);
const links = await LinuxLinks.open();
const counts: Record<string, number> = {};
let inTurn = 0;
let mostInTurn = 0;
let lastTick = performance.now();
let longestGapMs = 0;
const announcer = new Announcer({
  links,
  sockets: new PacketSocketFactory(),
  clock: systemClock,
  timers: systemTimers,
  random: Math.random,
  log: { debug() {}, info() {}, warn: (message, fields) => print({ kind: 'warning', message, ...fields }), error() {} },
  settings: { probes: { count: 3, intervalMs: 10 }, gratuitous: { count: 3, intervalMs: 500 }, interfaces: [] },
  onEvent: (event) => print({ ...event, atMs: Date.now() }),
  count: (name, labels) => {
    const key = `${name} ${Object.values(labels).join()}`;
    counts[key] = (counts[key] ?? 0) + 1;
    if (name !== 'arp_received') return;
    // Frames are handed over before the check phase of a turn; the first of a turn arms the end of the count.
    if (inTurn++ === 0) setImmediate(endTurn);
  },
});

function endTurn(): void {
  mostInTurn = Math.max(mostInTurn, inTurn);
  inTurn = 0;
}

const heartbeat = setInterval(() => {
  const now = performance.now();
  longestGapMs = Math.max(longestGapMs, now - lastTick);
  lastTick = now;
}, 5);

function perform(command: NodeCommand): void {
  switch (command.do) {
    case 'announce': {
      const can = announcer.announce(command.address, { probe: command.probe });
      print(
        can.ok
          ? { kind: 'accepted', link: can.link.name }
          : { kind: 'refused', reason: can.reason, detail: can.detail },
      );
      return;
    }
    case 'withdraw':
      announcer.withdraw(command.address);
      return;
    case 'pool-macs':
      announcer.setPoolMacs(command.macs);
      return;
    case 'stats': {
      const { user, system } = process.cpuUsage();
      print({ kind: 'stats', counts, mostInTurn, longestGapMs, cpuMs: (user + system) / 1000 });
      longestGapMs = 0;
    }
  }
}

createInterface({ input: process.stdin })
  .on('line', (text) => {
    try {
      perform(JSON.parse(text) as NodeCommand);
    } catch (error) {
      if (!(error instanceof LbError)) throw error;
      print({ kind: 'warning', message: error.message, remedy: error.remedy });
    }
  })
  .on('close', () => {
    clearInterval(heartbeat);
    announcer.close();
    links.close();
  });
print({ kind: 'ready' });
