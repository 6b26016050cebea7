// Runs in a node's namespace: the announcer on real frames, told what to do by JSON lines on standard input, telling what
// happens by JSON lines on standard output. Ends when its standard input closes. Driven by announce-process.ts.
import { createInterface } from 'node:readline';
import { LbError } from '@openyurt/nodepool-types';
import { Announcer } from '../../../edge-speaker/src/announce/announcer.ts';
import { RawIcmpv6SocketFactory } from '../../../edge-speaker/src/io/icmpv6-socket.ts';
import { LinuxLinks } from '../../../edge-speaker/src/io/links-linux.ts';
import { PacketSocketFactory } from '../../../edge-speaker/src/io/packet-socket.ts';
import { systemClock, systemTimers } from '../../../edge-speaker/src/io/system-clock.ts';
import type { NodeCommand, NodeLine } from './announce-process.ts';

const print = (line: NodeLine) => process.stdout.write(`${JSON.stringify(line)}\n`);
const links = await LinuxLinks.open();
const counts: Record<string, number> = {};
let inTurn = { arp_received: 0, ndp_received: 0 };
let mostInTurn = 0;
let sinceTick = 0;
let mostBetweenTicks = 0;
const kept = new Set<string>();
const settings = { probes: { count: 3, intervalMs: 10 }, gratuitous: { count: 3, intervalMs: 500 }, refreshMs: 60_000 };
const announcer = new Announcer({
  links,
  sockets: new PacketSocketFactory(),
  icmpv6: new RawIcmpv6SocketFactory(),
  clock: systemClock,
  timers: systemTimers,
  random: Math.random,
  log: { debug() {}, info() {}, warn: (message, fields) => print({ kind: 'warning', message, ...fields }), error() {} },
  settings: { ...settings, interfaces: [] },
  onEvent: (event) => {
    print({ ...event, atMs: Date.now() });
    if (event.kind === 'links-changed') for (const address of kept) announce(address, false);
  },
  count: (name, label) => {
    const key = `${name} ${label}`;
    counts[key] = (counts[key] ?? 0) + 1;
    if (name !== 'arp_received' && name !== 'ndp_received') return;
    // Frames are handed over before the check phase of a turn; the first of a turn arms the end of the count.
    if (inTurn.arp_received + inTurn.ndp_received === 0) setImmediate(endTurn);
    inTurn[name]++;
    mostBetweenTicks = Math.max(mostBetweenTicks, ++sinceTick);
  },
});

/** What is announced already stays as it is, but that its link may have another name by now. */
function announce(address: string, probe: boolean): void {
  const here = announcer.status().find((one) => one.address === address);
  if (here !== undefined && kept.has(address)) {
    print({ kind: 'accepted', address, link: here.link });
    return;
  }
  const can = announcer.announce(address, { probe });
  if (can.ok) print({ kind: 'accepted', address, link: can.link.name });
  else print({ kind: 'refused', address, reason: can.reason, detail: can.detail });
}

function endTurn(): void {
  mostInTurn = Math.max(mostInTurn, inTurn.arp_received, inTurn.ndp_received);
  inTurn = { arp_received: 0, ndp_received: 0 };
}

const heartbeat = setInterval(() => {
  sinceTick = 0;
}, 5);

function perform(command: NodeCommand): void {
  switch (command.do) {
    case 'announce':
      announce(command.address, command.probe);
      return;
    case 'keep':
      announce(command.address, false);
      kept.add(command.address);
      return;
    case 'interfaces':
      announcer.configure({ ...settings, interfaces: command.patterns });
      return;
    case 'withdraw':
      kept.delete(command.address);
      announcer.withdraw(command.address);
      return;
    case 'pool-macs':
      announcer.setPoolMacs(command.macs);
      return;
    case 'stats': {
      const { user, system } = process.cpuUsage();
      print({ kind: 'stats', counts, mostInTurn, mostBetweenTicks, cpuMs: (user + system) / 1000 });
      mostBetweenTicks = 0;
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
