// A member of a pool session as a process of its own, in a node's namespace. Prints a JSON line for each event, with the
// machine's monotonic time in ms. Leaves on SIGTERM.  pool-member.ts NODE IP PEER=IP,... ADDRESS...
import { randomBytes } from 'node:crypto';
import { DEFAULT_SITE_CONFIG, silentLog } from '@openyurt/nodepool-types';
import { PeerLan } from '../../edge-speaker/src/io/peer-lan.ts';
import { systemClock, systemTimers } from '../../edge-speaker/src/io/system-clock.ts';
import { PoolSession } from '../../edge-speaker/src/pool-session.ts';

const PORT = 10373;
const [node = '', ip = '', peers = '', ...addresses] = process.argv.slice(2);
const keys = [{ id: 'key-1', secret: Buffer.alloc(32, 7) }];
const print = (line: Record<string, unknown>) => {
  const atMs = Number(process.hrtime.bigint()) / 1e6;
  process.stdout.write(`${JSON.stringify({ atMs, ...line })}\n`);
};

const session = new PoolSession({
  node,
  nodePool: 'hangzhou',
  incarnation: randomBytes(8).readBigUInt64BE(),
  keys: { current: () => keys, onChange: () => () => {} },
  socket: new PeerLan({ port: PORT, log: silentLog }),
  clock: systemClock,
  timers: systemTimers,
  randomBytes,
  log: silentLog,
  count: () => {},
  site: DEFAULT_SITE_CONFIG,
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
session.setLinks([{ name: 'eth0', mac: '02:00:00:00:00:01', ip }]);
session.setOffers({ items: addresses.map((address) => ({ address, uids: ['u'], rv: 1n, proven: true })), seenRv: 1n });
await session.start();
print({ event: 'started' });
process.once('SIGTERM', async () => {
  await session.leave('SIGTERM');
  await session.close();
  process.exit(0);
});
