// A member of a pool session as a process of its own, in a node's namespace. Prints a JSON line for each event, with the
// machine's monotonic time in ms. Takes its keys and its site from POOL_KEYS (ID=HEX,...) and POOL_SITE (JSON), new keys,
// offers and `drain` from its standard input, and says there what it counted and recorded. Leaves on SIGTERM.  pool-member.ts NODE IP,... PEER=IP,... ADDRESS...
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { DEFAULT_SITE_CONFIG, type SiteConfig, silentLog } from '@openyurt/nodepool-types';
import { PeerLan } from '../../edge-speaker/src/io/peer-lan.ts';
import { systemClock, systemTimers } from '../../edge-speaker/src/io/system-clock.ts';
import { PoolSession } from '../../edge-speaker/src/pool-session.ts';
import type { PeerSocketHandlers } from '../../edge-speaker/src/ports/peer-socket.ts';

const PORT = 10373;
const [node = '', ips = '', peers = '', ...addresses] = process.argv.slice(2);
const site: SiteConfig = { ...DEFAULT_SITE_CONFIG, ...JSON.parse(process.env.POOL_SITE ?? '{}') };
const ring = (text: string) =>
  text.split(',').map((key) => {
    const [id = '', hex = ''] = key.split('=');
    return { id, secret: Buffer.from(hex, 'hex') };
  });
let keys = ring(process.env.POOL_KEYS ?? `key-1=${'07'.repeat(32)}`);
const keyListeners = new Set<() => void>();
const counts = new Map<string, number>();
/** The last datagrams this node heard: what a sniffer on its port has. */
const recorded: string[] = [];
class RecordedLan extends PeerLan {
  override open(handlers: PeerSocketHandlers) {
    const datagram: PeerSocketHandlers['datagram'] = (bytes, from) => {
      if (recorded.push(bytes.toString('hex')) > 50) recorded.shift();
      handlers.datagram(bytes, from);
    };
    return super.open({ ...handlers, datagram });
  }
}
const print = (line: Record<string, unknown>) => {
  const atMs = Number(process.hrtime.bigint()) / 1e6;
  process.stdout.write(`${JSON.stringify({ atMs, ...line })}\n`);
};

const session = new PoolSession({
  node,
  nodePool: 'hangzhou',
  incarnation: randomBytes(8).readBigUInt64BE(),
  keys: {
    current: () => keys,
    onChange: (run) => {
      keyListeners.add(run);
      return () => keyListeners.delete(run);
    },
  },
  socket: new RecordedLan({ port: PORT, log: silentLog }),
  clock: systemClock,
  timers: systemTimers,
  randomBytes,
  log: silentLog,
  count: (reason) => counts.set(reason, (counts.get(reason) ?? 0) + 1),
  site,
  port: PORT,
  announcedBefore: addresses,
  on: {
    announce: (address) => print({ event: 'announce', address }),
    withdraw: (address, reason) => print({ event: 'withdraw', address, reason }),
    changed: () => {
      const alive = session.members().filter(({ state }) => state === 'alive').length;
      print({ event: 'members', alive });
    },
    remember: () => {},
  },
});
session.setMembers(
  peers.split(',').map((peer) => {
    const [name = '', address = ''] = peer.split('=');
    return { node: name, addresses: address === '' ? [] : [address] };
  }),
);
session.setLinks([{ name: 'eth0', mac: '02:00:00:00:00:01', ips: ips.split(',') }]);
const offer = (all: readonly string[]) =>
  session.setOffers({ items: all.map((address) => ({ address, uids: ['u'], rv: 1n, proven: true })), seenRv: 1n });
offer(addresses);
createInterface({ input: process.stdin }).on('line', (line) => {
  const [word = '', text = ''] = line.split(' ');
  if (word === 'keys') {
    keys = ring(text);
    for (const run of keyListeners) run();
  } else if (word === 'offer') offer(text.split(','));
  else if (word === 'drain') session.setDraining(text === 'true');
  else if (word === 'recorded') print({ event: 'recorded', recorded });
  else if (word === 'counts') {
    globalThis.gc?.();
    print({
      event: 'counts',
      counts: Object.fromEntries(counts),
      longestTurnMs,
      longestGapMs,
      rssBytes: process.memoryUsage.rss(),
    });
    longestTurnMs = 0;
    longestGapMs = 0;
  }
});
/** The most that this process computed between two visits to its timers: how long its own work keeps a heartbeat back. */
let longestTurnMs = 0;
/** The longest time between two such visits, the machine's share in it. */
let longestGapMs = 0;
const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
let before = cpuMs();
let visitedMs = performance.now();
setInterval(() => {
  const now = cpuMs();
  longestTurnMs = Math.max(longestTurnMs, now - before);
  longestGapMs = Math.max(longestGapMs, performance.now() - visitedMs);
  visitedMs = performance.now();
  before = now;
}, 20);
await session.start();
print({ event: 'started' });
process.once('SIGTERM', async () => {
  await session.leave('SIGTERM');
  await session.close();
  process.exit(0);
});
